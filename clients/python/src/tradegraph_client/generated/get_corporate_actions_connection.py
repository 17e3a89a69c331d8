from .base_model import BaseModel
from .fragments import CorporateAction, PageInfo


class GetCorporateActionsConnection(BaseModel):
    corporate_actions_connection: (
        "GetCorporateActionsConnectionCorporateActionsConnection"
    )


class GetCorporateActionsConnectionCorporateActionsConnection(BaseModel):
    edges: list["GetCorporateActionsConnectionCorporateActionsConnectionEdges"]
    page_info: "GetCorporateActionsConnectionCorporateActionsConnectionPageInfo"


class GetCorporateActionsConnectionCorporateActionsConnectionEdges(BaseModel):
    cursor: str
    node: "GetCorporateActionsConnectionCorporateActionsConnectionEdgesNode"


GetCorporateActionsConnectionCorporateActionsConnectionEdgesNode = CorporateAction
GetCorporateActionsConnectionCorporateActionsConnectionPageInfo = PageInfo
