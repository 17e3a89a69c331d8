from .base_model import BaseModel
from .fragments import Account, PageInfo


class GetAccountsConnection(BaseModel):
    accounts_connection: "GetAccountsConnectionAccountsConnection"


class GetAccountsConnectionAccountsConnection(BaseModel):
    edges: list["GetAccountsConnectionAccountsConnectionEdges"]
    page_info: "GetAccountsConnectionAccountsConnectionPageInfo"


class GetAccountsConnectionAccountsConnectionEdges(BaseModel):
    cursor: str
    node: "GetAccountsConnectionAccountsConnectionEdgesNode"


GetAccountsConnectionAccountsConnectionEdgesNode = Account
GetAccountsConnectionAccountsConnectionPageInfo = PageInfo
