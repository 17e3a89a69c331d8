from .base_model import BaseModel
from .fragments import RiskEvent


class WatchRiskEvents(BaseModel):
    risk_events: "WatchRiskEventsRiskEvents"


WatchRiskEventsRiskEvents = RiskEvent
