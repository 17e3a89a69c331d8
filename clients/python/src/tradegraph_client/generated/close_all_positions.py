from .base_model import BaseModel
from .fragments import OrdersPayload


class CloseAllPositions(BaseModel):
    close_all_positions: "CloseAllPositionsCloseAllPositions"


CloseAllPositionsCloseAllPositions = OrdersPayload
