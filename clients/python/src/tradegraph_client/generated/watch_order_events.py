from .base_model import BaseModel
from .fragments import OrderEvent


class WatchOrderEvents(BaseModel):
    order_events: "WatchOrderEventsOrderEvents"


WatchOrderEventsOrderEvents = OrderEvent
