from typing import Optional

from pydantic import Field

from .base_model import BaseModel
from .fragments import RiskEvent


class GetRiskEvent(BaseModel):
    risk_event: Optional["GetRiskEventRiskEvent"] = Field(default=None)


GetRiskEventRiskEvent = RiskEvent
