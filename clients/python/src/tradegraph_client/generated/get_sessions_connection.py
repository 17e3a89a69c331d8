from .base_model import BaseModel
from .fragments import OpenSession, PageInfo


class GetSessionsConnection(BaseModel):
    sessions_connection: "GetSessionsConnectionSessionsConnection"


class GetSessionsConnectionSessionsConnection(BaseModel):
    edges: list["GetSessionsConnectionSessionsConnectionEdges"]
    page_info: "GetSessionsConnectionSessionsConnectionPageInfo"


class GetSessionsConnectionSessionsConnectionEdges(BaseModel):
    cursor: str
    node: "GetSessionsConnectionSessionsConnectionEdgesNode"


GetSessionsConnectionSessionsConnectionEdgesNode = OpenSession
GetSessionsConnectionSessionsConnectionPageInfo = PageInfo
