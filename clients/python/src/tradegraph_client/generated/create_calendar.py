from .base_model import BaseModel
from .fragments import TradingCalendar


class CreateCalendar(BaseModel):
    create_calendar: "CreateCalendarCreateCalendar"


CreateCalendarCreateCalendar = TradingCalendar
