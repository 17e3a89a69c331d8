from typing import Optional

from pydantic import Field

from .base_model import BaseModel
from .fragments import AccountTransaction, PageInfo


class GetTransactions(BaseModel):
    account: Optional["GetTransactionsAccount"] = Field(default=None)


class GetTransactionsAccount(BaseModel):
    transactions: "GetTransactionsAccountTransactions"


class GetTransactionsAccountTransactions(BaseModel):
    edges: list["GetTransactionsAccountTransactionsEdges"]
    page_info: "GetTransactionsAccountTransactionsPageInfo"


class GetTransactionsAccountTransactionsEdges(BaseModel):
    cursor: str
    node: "GetTransactionsAccountTransactionsEdgesNode"


GetTransactionsAccountTransactionsEdgesNode = AccountTransaction
GetTransactionsAccountTransactionsPageInfo = PageInfo
