from .base_model import BaseModel
from .fragments import RiskRule


class GetRiskRules(BaseModel):
    risk_rules: list["GetRiskRulesRiskRules"]


GetRiskRulesRiskRules = RiskRule
