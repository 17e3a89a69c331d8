from .base_model import BaseModel
from .fragments import PageInfo, TradingHalt


class GetTradingHaltsConnection(BaseModel):
    trading_halts_connection: "GetTradingHaltsConnectionTradingHaltsConnection"


class GetTradingHaltsConnectionTradingHaltsConnection(BaseModel):
    edges: list["GetTradingHaltsConnectionTradingHaltsConnectionEdges"]
    page_info: "GetTradingHaltsConnectionTradingHaltsConnectionPageInfo"


class GetTradingHaltsConnectionTradingHaltsConnectionEdges(BaseModel):
    cursor: str
    node: "GetTradingHaltsConnectionTradingHaltsConnectionEdgesNode"


GetTradingHaltsConnectionTradingHaltsConnectionEdgesNode = TradingHalt
GetTradingHaltsConnectionTradingHaltsConnectionPageInfo = PageInfo
