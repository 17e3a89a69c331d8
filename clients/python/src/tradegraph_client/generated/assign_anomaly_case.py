from .base_model import BaseModel
from .fragments import AnomalyCase


class AssignAnomalyCase(BaseModel):
    assign_anomaly_case: "AssignAnomalyCaseAssignAnomalyCase"


AssignAnomalyCaseAssignAnomalyCase = AnomalyCase
