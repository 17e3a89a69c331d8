from .base_model import BaseModel
from .fragments import RiskEvent


class ResolveRiskEvent(BaseModel):
    resolve_risk_event: "ResolveRiskEventResolveRiskEvent"


ResolveRiskEventResolveRiskEvent = RiskEvent
