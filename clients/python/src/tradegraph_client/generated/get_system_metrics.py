from .base_model import BaseModel
from .fragments import SystemMetrics


class GetSystemMetrics(BaseModel):
    system_metrics: "GetSystemMetricsSystemMetrics"


GetSystemMetricsSystemMetrics = SystemMetrics
