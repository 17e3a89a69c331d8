from .base_model import BaseModel
from .fragments import SystemHealth


class GetSystemHealth(BaseModel):
    system_health: "GetSystemHealthSystemHealth"


GetSystemHealthSystemHealth = SystemHealth
