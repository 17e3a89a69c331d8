from .base_model import BaseModel
from .fragments import PnlUpdate


class WatchPnl(BaseModel):
    pnl: "WatchPnlPnl"


WatchPnlPnl = PnlUpdate
