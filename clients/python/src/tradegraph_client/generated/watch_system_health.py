from .base_model import BaseModel
from .fragments import SystemHealth


class WatchSystemHealth(BaseModel):
    system_health: "WatchSystemHealthSystemHealth"


WatchSystemHealthSystemHealth = SystemHealth
