from .base_model import BaseModel
from .fragments import Position


class GetPositions(BaseModel):
    positions: list["GetPositionsPositions"]


GetPositionsPositions = Position
