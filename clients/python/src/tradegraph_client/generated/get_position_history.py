from .base_model import BaseModel
from .fragments import PositionSnapshot


class GetPositionHistory(BaseModel):
    position_history: list["GetPositionHistoryPositionHistory"]


GetPositionHistoryPositionHistory = PositionSnapshot
