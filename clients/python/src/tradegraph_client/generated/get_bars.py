from .base_model import BaseModel
from .fragments import Bar


class GetBars(BaseModel):
    bars: list["GetBarsBars"]


GetBarsBars = Bar
