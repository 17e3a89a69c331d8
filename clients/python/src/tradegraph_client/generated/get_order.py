from datetime import datetime
from typing import Any, Optional

from pydantic import Field

from .base_model import BaseModel
from .enums import OrderEventKind, OrderStatus
from .fragments import (
    Execution,
    Order,
    OrderAccount,  # noqa: F401
    RiskViolation,
)


class GetOrder(BaseModel):
    order: Optional["GetOrderOrder"] = Field(default=None)


class GetOrderOrder(Order):
    executions: list["GetOrderOrderExecutions"]
    history: list["GetOrderOrderHistory"]
    violations: list["GetOrderOrderViolations"]


GetOrderOrderExecutions = Execution


class GetOrderOrderHistory(BaseModel):
    at: datetime
    by: Optional[str] = Field(default=None)
    detail: Optional[Any] = Field(default=None)
    kind: OrderEventKind
    status: OrderStatus


GetOrderOrderViolations = RiskViolation
