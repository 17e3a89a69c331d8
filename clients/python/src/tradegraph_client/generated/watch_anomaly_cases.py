from .base_model import BaseModel
from .fragments import AnomalyCaseEvent


class WatchAnomalyCases(BaseModel):
    anomaly_cases: "WatchAnomalyCasesAnomalyCases"


WatchAnomalyCasesAnomalyCases = AnomalyCaseEvent
