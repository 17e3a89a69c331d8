from typing import Optional

from pydantic import Field

from .base_model import BaseModel
from .fragments import Account


class GetAccount(BaseModel):
    account: Optional["GetAccountAccount"] = Field(default=None)


GetAccountAccount = Account
