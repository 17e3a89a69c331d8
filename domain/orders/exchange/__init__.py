"""The paper exchange, pure: orders and market events in, execution reports out.

``Exchange`` is the state machine of one instrument; the other names are the values that it takes and gives. The paper
venue and the simulator both use it.
"""

from domain.orders.exchange.book.market import ExchangeMarketState
from domain.orders.exchange.exchange import Exchange, ExchangeState
from domain.orders.exchange.execution_reports import (
    Accepted,
    Canceled,
    CancelRejected,
    ExecutionReport,
    Expired,
    Filled,
    Held,
    Rejected,
    Released,
    Replaced,
    ReplaceRejected,
    Restated,
    RestateReason,
    StatusChange,
    TrailMoved,
    Triggered,
    evolve,
)
from domain.orders.exchange.holdings import Holding
from domain.orders.exchange.types import CancelReason, Changes, Order, OrderState

__all__ = [
    "Accepted",
    "CancelReason",
    "CancelRejected",
    "Canceled",
    "Changes",
    "Exchange",
    "ExchangeMarketState",
    "ExchangeState",
    "ExecutionReport",
    "Expired",
    "Filled",
    "Held",
    "Holding",
    "Order",
    "OrderState",
    "Rejected",
    "Released",
    "ReplaceRejected",
    "Replaced",
    "RestateReason",
    "Restated",
    "StatusChange",
    "TrailMoved",
    "Triggered",
    "evolve",
]
