from typing import Optional

from pydantic import Field

from .base_model import BaseModel
from .fragments import RiskRule


class GetRiskRule(BaseModel):
    risk_rule: Optional["GetRiskRuleRiskRule"] = Field(default=None)


GetRiskRuleRiskRule = RiskRule
