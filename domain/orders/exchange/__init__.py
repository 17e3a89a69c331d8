"""The paper exchange as pure rules: orders and market events in, reports out.

``Exchange`` is the state machine of one instrument; everything else here are the values that it takes and gives. It is
used by the paper venue and by the simulator alike.
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
