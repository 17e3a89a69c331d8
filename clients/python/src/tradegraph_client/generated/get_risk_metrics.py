from .base_model import BaseModel
from .fragments import RiskMetrics


class GetRiskMetrics(BaseModel):
    risk_metrics: "GetRiskMetricsRiskMetrics"


GetRiskMetricsRiskMetrics = RiskMetrics
