from typing import Optional

from pydantic import Field

from .base_model import BaseModel
from .fragments import PerformanceReport


class GetPerformance(BaseModel):
    account: Optional["GetPerformanceAccount"] = Field(default=None)


class GetPerformanceAccount(BaseModel):
    performance: "GetPerformanceAccountPerformance"


GetPerformanceAccountPerformance = PerformanceReport
