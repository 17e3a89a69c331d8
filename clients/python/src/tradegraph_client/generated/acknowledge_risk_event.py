from .base_model import BaseModel
from .fragments import RiskEvent


class AcknowledgeRiskEvent(BaseModel):
    acknowledge_risk_event: "AcknowledgeRiskEventAcknowledgeRiskEvent"


AcknowledgeRiskEventAcknowledgeRiskEvent = RiskEvent
