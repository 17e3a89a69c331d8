from .base_model import BaseModel
from .fragments import AnomalyCase


class ReopenAnomalyCase(BaseModel):
    reopen_anomaly_case: "ReopenAnomalyCaseReopenAnomalyCase"


ReopenAnomalyCaseReopenAnomalyCase = AnomalyCase
