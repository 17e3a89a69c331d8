from .base_model import BaseModel
from .fragments import Position


class WatchPositions(BaseModel):
    positions: "WatchPositionsPositions"


WatchPositionsPositions = Position
