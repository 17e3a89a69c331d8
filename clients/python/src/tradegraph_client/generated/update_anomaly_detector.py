from .base_model import BaseModel
from .fragments import AnomalyDetector


class UpdateAnomalyDetector(BaseModel):
    update_anomaly_detector: "UpdateAnomalyDetectorUpdateAnomalyDetector"


UpdateAnomalyDetectorUpdateAnomalyDetector = AnomalyDetector
