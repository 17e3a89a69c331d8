from .base_model import BaseModel
from .fragments import ClosedTrade, PageInfo


class GetClosedTradesConnection(BaseModel):
    closed_trades_connection: "GetClosedTradesConnectionClosedTradesConnection"


class GetClosedTradesConnectionClosedTradesConnection(BaseModel):
    edges: list["GetClosedTradesConnectionClosedTradesConnectionEdges"]
    page_info: "GetClosedTradesConnectionClosedTradesConnectionPageInfo"


class GetClosedTradesConnectionClosedTradesConnectionEdges(BaseModel):
    cursor: str
    node: "GetClosedTradesConnectionClosedTradesConnectionEdgesNode"


GetClosedTradesConnectionClosedTradesConnectionEdgesNode = ClosedTrade
GetClosedTradesConnectionClosedTradesConnectionPageInfo = PageInfo
