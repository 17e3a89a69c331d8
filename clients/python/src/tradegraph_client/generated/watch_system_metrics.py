from .base_model import BaseModel
from .fragments import SystemMetrics


class WatchSystemMetrics(BaseModel):
    system_metrics: "WatchSystemMetricsSystemMetrics"


WatchSystemMetricsSystemMetrics = SystemMetrics
