from .base_model import BaseModel
from .fragments import PageInfo, PositionSnapshot


class GetPositionHistoryConnection(BaseModel):
    position_history_connection: "GetPositionHistoryConnectionPositionHistoryConnection"


class GetPositionHistoryConnectionPositionHistoryConnection(BaseModel):
    edges: list["GetPositionHistoryConnectionPositionHistoryConnectionEdges"]
    page_info: "GetPositionHistoryConnectionPositionHistoryConnectionPageInfo"


class GetPositionHistoryConnectionPositionHistoryConnectionEdges(BaseModel):
    cursor: str
    node: "GetPositionHistoryConnectionPositionHistoryConnectionEdgesNode"


GetPositionHistoryConnectionPositionHistoryConnectionEdgesNode = PositionSnapshot
GetPositionHistoryConnectionPositionHistoryConnectionPageInfo = PageInfo
