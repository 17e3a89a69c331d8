from .base_model import BaseModel


class DeleteRiskRule(BaseModel):
    delete_risk_rule: str
