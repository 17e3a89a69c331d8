from .base_model import BaseModel
from .fragments import ApiKey, PageInfo


class GetApiKeysConnection(BaseModel):
    api_keys_connection: "GetApiKeysConnectionApiKeysConnection"


class GetApiKeysConnectionApiKeysConnection(BaseModel):
    edges: list["GetApiKeysConnectionApiKeysConnectionEdges"]
    page_info: "GetApiKeysConnectionApiKeysConnectionPageInfo"


class GetApiKeysConnectionApiKeysConnectionEdges(BaseModel):
    cursor: str
    node: "GetApiKeysConnectionApiKeysConnectionEdgesNode"


GetApiKeysConnectionApiKeysConnectionEdgesNode = ApiKey
GetApiKeysConnectionApiKeysConnectionPageInfo = PageInfo
