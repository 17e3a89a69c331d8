"""The enums of the area, registered once with their names in the schema."""

import strawberry

from domain.orders.model.account_events import AccountEventKind
from domain.orders.model.types import (
    Contingency,
    Liquidity,
    OffsetKind,
    OrderEventKind,
    OrderSortField,
    OrderStatus,
    OrderType,
    PendingAction,
    PositionEffect,
    RejectReason,
    Side,
    SortDirection,
    TimeInForce,
    TriggerPrice,
)

__all__ = [
    "AccountEventKind",
    "Contingency",
    "Liquidity",
    "OffsetKind",
    "OrderEventKind",
    "OrderSortField",
    "OrderStatus",
    "OrderType",
    "PendingAction",
    "PositionEffect",
    "RejectReason",
    "Side",
    "SortDirection",
    "TimeInForce",
    "TriggerPrice",
]

strawberry.enum(AccountEventKind, description="Kind of an event of an account.")
strawberry.enum(Contingency, description="Relation of an order to its group (FIX ContingencyType).")
strawberry.enum(Liquidity, description="True if a fill gave or took liquidity.")
strawberry.enum(OffsetKind, description="Unit of a trailing offset.")
strawberry.enum(OrderEventKind, description="Kind of an event of an order (FIX ExecType).")
strawberry.enum(OrderSortField, description="Sort key of orders.")
strawberry.enum(OrderStatus, description="Status of an order (FIX OrdStatus).")
strawberry.enum(OrderType, description="Type of an order.")
strawberry.enum(
    PendingAction, description="A request to the venue that is not answered yet; independent of the status."
)
strawberry.enum(PositionEffect, description="True if an order opens or closes in a hedging account.")
strawberry.enum(RejectReason, description="Reject reason of an order.")
strawberry.enum(Side, description="Direction of an order or execution.")
strawberry.enum(SortDirection, description="Ascending or descending.")
strawberry.enum(TimeInForce, description="Time in force of an order.")
strawberry.enum(TriggerPrice, description="The price that a stop or if-touched order watches.")
