from .base_model import BaseModel
from .fragments import ClosedTrade


class GetClosedTrades(BaseModel):
    closed_trades: list["GetClosedTradesClosedTrades"]


GetClosedTradesClosedTrades = ClosedTrade
