from .base_model import BaseModel
from .fragments import AnomalyCase


class CloseAnomalyCase(BaseModel):
    close_anomaly_case: "CloseAnomalyCaseCloseAnomalyCase"


CloseAnomalyCaseCloseAnomalyCase = AnomalyCase
