from .base_model import BaseModel
from .fragments import Bar


class WatchBars(BaseModel):
    bars: "WatchBarsBars"


WatchBarsBars = Bar
