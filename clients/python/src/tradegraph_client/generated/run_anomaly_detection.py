from .base_model import BaseModel
from .fragments import Anomaly


class RunAnomalyDetection(BaseModel):
    run_anomaly_detection: list["RunAnomalyDetectionRunAnomalyDetection"]


RunAnomalyDetectionRunAnomalyDetection = Anomaly
