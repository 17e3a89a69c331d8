from .base_model import BaseModel
from .fragments import RiskRule


class CreateRiskRule(BaseModel):
    create_risk_rule: "CreateRiskRuleCreateRiskRule"


CreateRiskRuleCreateRiskRule = RiskRule
