from .base_model import BaseModel
from .fragments import AnomalyDetector


class GetAnomalyDetectors(BaseModel):
    anomaly_detectors: list["GetAnomalyDetectorsAnomalyDetectors"]


GetAnomalyDetectorsAnomalyDetectors = AnomalyDetector
