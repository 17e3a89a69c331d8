from .base_model import BaseModel
from .fragments import CancelOrdersPayload


class CancelOrders(BaseModel):
    cancel_orders: "CancelOrdersCancelOrders"


CancelOrdersCancelOrders = CancelOrdersPayload
