from .base_model import BaseModel
from .fragments import AnomalyDismissal


class RemoveAnomalyDismissal(BaseModel):
    remove_anomaly_dismissal: "RemoveAnomalyDismissalRemoveAnomalyDismissal"


RemoveAnomalyDismissalRemoveAnomalyDismissal = AnomalyDismissal
