from .base_model import BaseModel
from .fragments import PageInfo, TradingCalendar


class GetCalendarsConnection(BaseModel):
    calendars_connection: "GetCalendarsConnectionCalendarsConnection"


class GetCalendarsConnectionCalendarsConnection(BaseModel):
    edges: list["GetCalendarsConnectionCalendarsConnectionEdges"]
    page_info: "GetCalendarsConnectionCalendarsConnectionPageInfo"


class GetCalendarsConnectionCalendarsConnectionEdges(BaseModel):
    cursor: str
    node: "GetCalendarsConnectionCalendarsConnectionEdgesNode"


GetCalendarsConnectionCalendarsConnectionEdgesNode = TradingCalendar
GetCalendarsConnectionCalendarsConnectionPageInfo = PageInfo
