from .base_model import BaseModel
from .fragments import OrderPayload


class CancelOrder(BaseModel):
    cancel_order: "CancelOrderCancelOrder"


CancelOrderCancelOrder = OrderPayload
