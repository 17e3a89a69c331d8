from typing import Optional

from pydantic import Field

from .base_model import BaseModel
from .fragments import AccountTransaction


class GetTransaction(BaseModel):
    transaction: Optional["GetTransactionTransaction"] = Field(default=None)


GetTransactionTransaction = AccountTransaction
