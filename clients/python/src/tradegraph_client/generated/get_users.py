from .base_model import BaseModel
from .fragments import PageInfo, User


class GetUsers(BaseModel):
    users: "GetUsersUsers"


class GetUsersUsers(BaseModel):
    edges: list["GetUsersUsersEdges"]
    page_info: "GetUsersUsersPageInfo"


class GetUsersUsersEdges(BaseModel):
    cursor: str
    node: "GetUsersUsersEdgesNode"


GetUsersUsersEdgesNode = User
GetUsersUsersPageInfo = PageInfo
