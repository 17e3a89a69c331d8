from .base_model import BaseModel
from .fragments import Order, PageInfo


class GetOrders(BaseModel):
    orders: "GetOrdersOrders"


class GetOrdersOrders(BaseModel):
    edges: list["GetOrdersOrdersEdges"]
    page_info: "GetOrdersOrdersPageInfo"


class GetOrdersOrdersEdges(BaseModel):
    cursor: str
    node: "GetOrdersOrdersEdgesNode"


GetOrdersOrdersEdgesNode = Order
GetOrdersOrdersPageInfo = PageInfo
