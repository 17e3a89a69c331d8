from typing import Optional

from pydantic import Field

from .base_model import BaseModel
from .fragments import AnomalyCase


class GetAnomalyCase(BaseModel):
    anomaly_case: Optional["GetAnomalyCaseAnomalyCase"] = Field(default=None)


GetAnomalyCaseAnomalyCase = AnomalyCase
