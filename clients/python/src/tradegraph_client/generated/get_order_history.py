from datetime import datetime
from typing import Any, Optional

from pydantic import Field

from .base_model import BaseModel
from .enums import OrderEventKind, OrderStatus
from .fragments import Execution, Order, PageInfo


class GetOrderHistory(BaseModel):
    order: Optional["GetOrderHistoryOrder"] = Field(default=None)


class GetOrderHistoryOrder(BaseModel):
    history_connection: "GetOrderHistoryOrderHistoryConnection"


class GetOrderHistoryOrderHistoryConnection(BaseModel):
    edges: list["GetOrderHistoryOrderHistoryConnectionEdges"]
    page_info: "GetOrderHistoryOrderHistoryConnectionPageInfo"


class GetOrderHistoryOrderHistoryConnectionEdges(BaseModel):
    cursor: str
    node: "GetOrderHistoryOrderHistoryConnectionEdgesNode"


class GetOrderHistoryOrderHistoryConnectionEdgesNode(BaseModel):
    at: datetime
    by: Optional[str] = Field(default=None)
    cursor: str
    detail: Optional[Any] = Field(default=None)
    execution: Optional["GetOrderHistoryOrderHistoryConnectionEdgesNodeExecution"] = (
        Field(default=None)
    )
    kind: OrderEventKind
    order: "GetOrderHistoryOrderHistoryConnectionEdgesNodeOrder"
    status: OrderStatus


GetOrderHistoryOrderHistoryConnectionEdgesNodeExecution = Execution
GetOrderHistoryOrderHistoryConnectionEdgesNodeOrder = Order
GetOrderHistoryOrderHistoryConnectionPageInfo = PageInfo
