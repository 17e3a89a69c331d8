from .base_model import BaseModel
from .fragments import TradingCalendar


class GetCalendars(BaseModel):
    calendars: list["GetCalendarsCalendars"]


GetCalendarsCalendars = TradingCalendar
