from .base_model import BaseModel
from .fragments import PageInfo, Position


class GetPositionsConnection(BaseModel):
    positions_connection: "GetPositionsConnectionPositionsConnection"


class GetPositionsConnectionPositionsConnection(BaseModel):
    edges: list["GetPositionsConnectionPositionsConnectionEdges"]
    page_info: "GetPositionsConnectionPositionsConnectionPageInfo"


class GetPositionsConnectionPositionsConnectionEdges(BaseModel):
    cursor: str
    node: "GetPositionsConnectionPositionsConnectionEdgesNode"


GetPositionsConnectionPositionsConnectionEdgesNode = Position
GetPositionsConnectionPositionsConnectionPageInfo = PageInfo
