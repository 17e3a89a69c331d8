from .base_model import BaseModel
from .fragments import OrderPayload


class ClosePosition(BaseModel):
    close_position: "ClosePositionClosePosition"


ClosePositionClosePosition = OrderPayload
