"""The paper exchange, pure: orders and market events in, execution reports out.

``Exchange`` is the state machine of one instrument; the other names are the values that it takes and gives. The paper
venue and the simulator both use it.
"""

from domain.orders.exchange.book.market import MarketState
from domain.orders.exchange.exchange import Exchange, ExchangeState
from domain.orders.exchange.execution_reports import (
    Accepted,
    Canceled,
    CancelRejected,
    Change,
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
    "Change",
    "Changes",
    "Exchange",
    "ExchangeState",
    "ExecutionReport",
    "Expired",
    "Filled",
    "Held",
    "Holding",
    "MarketState",
    "Order",
    "OrderState",
    "Rejected",
    "Released",
    "ReplaceRejected",
    "Replaced",
    "RestateReason",
    "Restated",
    "TrailMoved",
    "Triggered",
    "evolve",
]
