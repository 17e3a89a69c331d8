"""What detectors read: facts of trading, of the market and of the platform, each with its time, in their order."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.orders.model.types import Side


@dataclass(frozen=True, slots=True)
class OrderPlaced:
    """An order as it was placed; ``reference_price`` is the market's then. A price is None where there is none.

    ``owner_id`` is who is behind the account; None where it is known from fills alone.
    """

    id: str
    account_id: str
    symbol: str
    side: Side
    quantity: Decimal
    notional: Decimal
    price: Decimal | None
    reference_price: Decimal | None
    at: datetime
    owner_id: str | None = None


@dataclass(frozen=True, slots=True)
class OrderChanged:
    """A working order got other terms; ``open_quantity`` is what is not filled of it."""

    id: str
    account_id: str
    symbol: str
    open_quantity: Decimal
    price: Decimal | None
    at: datetime
    owner_id: str | None = None


@dataclass(frozen=True, slots=True)
class OrderEnded:
    """An order came to its end: cancelled, or otherwise."""

    id: str
    account_id: str
    symbol: str
    canceled: bool
    at: datetime
    owner_id: str | None = None


@dataclass(frozen=True, slots=True)
class Executed:
    """A fill. ``owner_id`` is who is behind the account, ``realized_pnl`` None for a fill that only opens."""

    id: str
    order_id: str
    account_id: str
    owner_id: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    is_taker: bool
    realized_pnl: Decimal | None
    at: datetime


@dataclass(frozen=True, slots=True)
class MoneyMoved:
    """Money came or went other than by trading: a deposit, withdrawal, transfer or adjustment."""

    id: str
    account_id: str
    amount: Decimal
    balance_after: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class BooksProved:
    """An account's books were rebuilt and compared: ``differences`` names what did not agree."""

    account_id: str
    differences: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Sampled:
    """A component's measure was read: a latency, an error rate, a queue's depth."""

    component: str
    measure: str
    value: float
    at: datetime


@dataclass(frozen=True, slots=True)
class Quoted:
    """A symbol's price arrived; ``price`` is None where only its time is known."""

    symbol: str
    at: datetime
    price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class MarketChecked:
    """A symbol's market was looked at: whether it is open now."""

    symbol: str
    is_open: bool
    at: datetime


Fact = OrderPlaced | OrderChanged | OrderEnded | Executed | MoneyMoved | BooksProved | Sampled | Quoted | MarketChecked
