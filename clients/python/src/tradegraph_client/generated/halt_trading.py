from .base_model import BaseModel
from .fragments import TradingHalt


class HaltTrading(BaseModel):
    halt_trading: "HaltTradingHaltTrading"


HaltTradingHaltTrading = TradingHalt
