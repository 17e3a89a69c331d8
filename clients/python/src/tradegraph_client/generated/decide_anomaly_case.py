from .base_model import BaseModel
from .fragments import AnomalyCase


class DecideAnomalyCase(BaseModel):
    decide_anomaly_case: "DecideAnomalyCaseDecideAnomalyCase"


DecideAnomalyCaseDecideAnomalyCase = AnomalyCase
