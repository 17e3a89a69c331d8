from .base_model import BaseModel
from .fragments import OrderPayload


class PlaceOrder(BaseModel):
    place_order: "PlaceOrderPlaceOrder"


PlaceOrderPlaceOrder = OrderPayload
