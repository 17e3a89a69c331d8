from .base_model import BaseModel
from .fragments import Position


class UnfreezePosition(BaseModel):
    unfreeze_position: "UnfreezePositionUnfreezePosition"


UnfreezePositionUnfreezePosition = Position
