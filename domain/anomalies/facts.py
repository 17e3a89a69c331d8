"""Facts: the input of detectors, about trading, the market and the platform, each with its time, in order."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.orders.model.types import Side


@dataclass(frozen=True, slots=True)
class OrderPlaced:
    """A placed order; ``reference_price`` is the market's at that time. A price is None where there is none.

    ``owner_id`` is the owner of the account; None where it is known only from fills.
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
    """A modified working order; ``open_quantity`` is its unfilled quantity."""

    id: str
    account_id: str
    symbol: str
    open_quantity: Decimal
    price: Decimal | None
    at: datetime
    owner_id: str | None = None


@dataclass(frozen=True, slots=True)
class OrderEnded:
    """An order that ended: cancelled, or otherwise."""

    id: str
    account_id: str
    symbol: str
    canceled: bool
    at: datetime
    owner_id: str | None = None


@dataclass(frozen=True, slots=True)
class Executed:
    """A fill. ``owner_id`` is the owner of the account, ``realized_pnl`` None for a fill that only opens."""

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
    """A cash movement other than by trading: a deposit, withdrawal, transfer or adjustment."""

    id: str
    account_id: str
    amount: Decimal
    balance_after: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class BooksProved:
    """The result of a proof of an account's books: ``differences`` names the differences."""

    account_id: str
    differences: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Sampled:
    """A measure of a component: a latency, an error rate, a queue's depth."""

    component: str
    measure: str
    value: float
    at: datetime


@dataclass(frozen=True, slots=True)
class Quoted:
    """A price of a symbol; ``price`` is None where only its time is known."""

    symbol: str
    at: datetime
    price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class MarketChecked:
    """A check of a symbol's market: whether it is open now."""

    symbol: str
    is_open: bool
    at: datetime


Fact = OrderPlaced | OrderChanged | OrderEnded | Executed | MoneyMoved | BooksProved | Sampled | Quoted | MarketChecked
