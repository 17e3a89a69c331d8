from .base_model import BaseModel
from .fragments import TradingHalt


class ResumeTrading(BaseModel):
    resume_trading: "ResumeTradingResumeTrading"


ResumeTradingResumeTrading = TradingHalt
