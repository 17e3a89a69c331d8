from typing import Optional

from pydantic import Field

from .base_model import BaseModel
from .fragments import Anomaly


class GetAnomaly(BaseModel):
    anomaly: Optional["GetAnomalyAnomaly"] = Field(default=None)


GetAnomalyAnomaly = Anomaly
