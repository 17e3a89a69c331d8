from .base_model import BaseModel
from .fragments import AnomalyDismissal


class GetAnomalyDismissals(BaseModel):
    anomaly_dismissals: list["GetAnomalyDismissalsAnomalyDismissals"]


GetAnomalyDismissalsAnomalyDismissals = AnomalyDismissal
