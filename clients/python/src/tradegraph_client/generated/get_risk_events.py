from .base_model import BaseModel
from .fragments import PageInfo, RiskEvent


class GetRiskEvents(BaseModel):
    risk_events: "GetRiskEventsRiskEvents"


class GetRiskEventsRiskEvents(BaseModel):
    edges: list["GetRiskEventsRiskEventsEdges"]
    page_info: "GetRiskEventsRiskEventsPageInfo"


class GetRiskEventsRiskEventsEdges(BaseModel):
    cursor: str
    node: "GetRiskEventsRiskEventsEdgesNode"


GetRiskEventsRiskEventsEdgesNode = RiskEvent
GetRiskEventsRiskEventsPageInfo = PageInfo
