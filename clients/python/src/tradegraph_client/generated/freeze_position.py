from .base_model import BaseModel
from .fragments import Position


class FreezePosition(BaseModel):
    freeze_position: "FreezePositionFreezePosition"


FreezePositionFreezePosition = Position
