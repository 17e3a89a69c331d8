from .base_model import BaseModel
from .fragments import AccountEvent


class WatchAccountEvents(BaseModel):
    account_events: "WatchAccountEventsAccountEvents"


WatchAccountEventsAccountEvents = AccountEvent
