from .base_model import BaseModel
from .fragments import RiskRule


class UpdateRiskRule(BaseModel):
    update_risk_rule: "UpdateRiskRuleUpdateRiskRule"


UpdateRiskRuleUpdateRiskRule = RiskRule
