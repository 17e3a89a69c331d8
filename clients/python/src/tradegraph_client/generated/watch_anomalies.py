from .base_model import BaseModel
from .fragments import Anomaly


class WatchAnomalies(BaseModel):
    anomalies: "WatchAnomaliesAnomalies"


WatchAnomaliesAnomalies = Anomaly
