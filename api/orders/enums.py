"""The enums of the area, registered once with the words that the schema shows."""

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

strawberry.enum(AccountEventKind, description="What happened in an account.")
strawberry.enum(Contingency, description="How an order hangs together with its group (FIX ContingencyType).")
strawberry.enum(Liquidity, description="Whether a fill gave or took liquidity.")
strawberry.enum(OffsetKind, description="Unit of a trailing offset.")
strawberry.enum(OrderEventKind, description="What happened to an order (FIX ExecType).")
strawberry.enum(OrderSortField, description="What orders are sorted by.")
strawberry.enum(OrderStatus, description="Where an order stands (FIX OrdStatus).")
strawberry.enum(OrderType, description="How an order becomes executable.")
strawberry.enum(PendingAction, description="Asked of the venue and not answered yet; orthogonal to the status.")
strawberry.enum(PositionEffect, description="Whether an order opens or closes in a hedging account.")
strawberry.enum(RejectReason, description="Why business refused an order.")
strawberry.enum(Side, description="Direction of an order or execution.")
strawberry.enum(SortDirection, description="Ascending or descending.")
strawberry.enum(TimeInForce, description="How long an order works.")
strawberry.enum(TriggerPrice, description="The price that a stop or if-touched order watches.")
