from .base_model import BaseModel
from .fragments import OrdersPayload


class PlaceOrders(BaseModel):
    place_orders: "PlaceOrdersPlaceOrders"


PlaceOrdersPlaceOrders = OrdersPayload
