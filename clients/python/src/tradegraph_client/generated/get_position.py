from typing import Optional

from pydantic import Field

from .base_model import BaseModel
from .fragments import Position


class GetPosition(BaseModel):
    position: Optional["GetPositionPosition"] = Field(default=None)


GetPositionPosition = Position
