from .base_model import BaseModel
from .fragments import TradingHalt


class GetTradingHalts(BaseModel):
    trading_halts: list["GetTradingHaltsTradingHalts"]


GetTradingHaltsTradingHalts = TradingHalt
