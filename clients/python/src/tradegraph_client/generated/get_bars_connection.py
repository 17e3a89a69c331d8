from .base_model import BaseModel
from .fragments import Bar, PageInfo


class GetBarsConnection(BaseModel):
    bars_connection: "GetBarsConnectionBarsConnection"


class GetBarsConnectionBarsConnection(BaseModel):
    edges: list["GetBarsConnectionBarsConnectionEdges"]
    page_info: "GetBarsConnectionBarsConnectionPageInfo"


class GetBarsConnectionBarsConnectionEdges(BaseModel):
    cursor: str
    node: "GetBarsConnectionBarsConnectionEdgesNode"


GetBarsConnectionBarsConnectionEdgesNode = Bar
GetBarsConnectionBarsConnectionPageInfo = PageInfo
