"""Execution reports: one frozen value per event of one order, in the order of the events (FIX ExecutionReport).

Every change of an order's state is reported, so folding the reports over the submitted order (``evolve``) gives the
exchange's own state; so it can be stored and restored.
"""

from collections.abc import Hashable
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from domain.kernel.values import unguarded
from domain.orders.exchange.types import CancelReason, Order, OrderState
from domain.orders.model.types import Liquidity, OrderStatus, RejectReason


@unguarded
@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionReport:
    """Base class: the order and the time."""

    order_id: Hashable
    at: int


@unguarded
@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange(ExecutionReport):
    """A change, with the order's status after it."""

    status: OrderStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Held(StatusChange):
    """An exit waits for its entry's first fill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Released(StatusChange):
    """The entry began to fill: the exit goes to market for ``quantity``; accepted or rejected comes next."""

    quantity: Decimal


@unguarded
@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted(StatusChange):
    """The order works. ``quantity`` may be cut (reduce-only); a trailing order's first stop and limit are set here.

    ``by_engine``: our engine holds it for a real venue, which does not have it yet; another report follows when it
    does. ``venue_order_id`` is the venue's own id, where it differs from ours.
    """

    sequence: int
    quantity: Decimal
    limit_price: Decimal | None
    stop_price: Decimal | None
    activated: bool
    by_engine: bool = False
    venue_order_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected(StatusChange):
    """The order ends without having worked (or, post-only, when its trigger would make it a taker)."""

    reason: RejectReason
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Triggered(StatusChange):
    """The stop or if-touched price was reached; ``price`` is the price that reached it."""

    price: Decimal


@unguarded
@dataclass(frozen=True, slots=True, kw_only=True)
class Filled(StatusChange):
    """One execution; ``number`` counts the order's from 1, ``filled_quantity`` and ``remaining`` are after it.

    ``last_in_event`` marks the last of the executions that one level-by-level match gave the order. A real venue has
    its own ``execution_id``, and where it says so charges a ``fee`` in ``fee_currency``.
    """

    price: Decimal
    quantity: Decimal
    liquidity: Liquidity
    number: int
    filled_quantity: Decimal
    remaining: Decimal
    last_in_event: bool
    execution_id: str | None = None
    fee: Decimal | None = None
    fee_currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Canceled(StatusChange):
    """The rest of the order will not be filled."""

    reason: CancelReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired(StatusChange):
    """The order expired."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced(StatusChange):
    """A requested change took effect; all changeable terms as they are now."""

    sequence: int
    quantity: Decimal
    limit_price: Decimal | None
    stop_price: Decimal | None
    trailing_offset: Decimal | None
    expires_at: int | None
    venue_order_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceRejected(ExecutionReport):
    """A requested change was rejected; the order, if there is one, is unchanged.

    ``is_filled``: all of it had been filled, and only the change could have let it go on; it ends with this.
    """

    reason: RejectReason
    message: str
    is_filled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRejected(ExecutionReport):
    """There is no such open order: it has ended, or never existed."""

    message: str


class RestateReason(StrEnum):
    """The reason for which the exchange changed an order by itself; VENUE: a real venue changed it by itself."""

    MARKET_TO_LIMIT = "MARKET_TO_LIMIT"
    REDUCE_ONLY = "REDUCE_ONLY"
    ENTRY_FILLED = "ENTRY_FILLED"
    ENTRY_REPLACED = "ENTRY_REPLACED"
    EXIT_FILLED = "EXIT_FILLED"
    VENUE = "VENUE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restated(StatusChange):
    """The exchange changed quantity or prices unasked (FIX ExecType Restated); ``message`` is a venue's word on it."""

    quantity: Decimal
    limit_price: Decimal | None
    stop_price: Decimal | None
    reason: RestateReason
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sliced(StatusChange):
    """The order is too large for its venue: it keeps ``quantity``, and new orders of its terms get the other parts.

    ``parts`` has the id and the quantity of each new order.
    """

    quantity: Decimal
    parts: tuple[tuple[Hashable, Decimal], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailMoved(StatusChange):
    """A trailing order's stop (and limit) moved, or it was activated."""

    stop_price: Decimal
    limit_price: Decimal | None


def evolve(state: OrderState, report: ExecutionReport) -> OrderState:
    """The state of an order after ``report``; a report that changes nothing returns ``state`` itself."""
    if not isinstance(report, StatusChange):
        return state
    terms = _terms(state.order, report)
    match report:
        case Accepted():
            return replace(
                state, order=terms, status=report.status, sequence=report.sequence, activated=report.activated
            )
        case Replaced():
            return replace(state, order=terms, status=report.status, sequence=report.sequence)
        case Filled():
            return replace(state, status=report.status, filled_quantity=report.filled_quantity, fills=report.number)
        case Triggered():
            return replace(state, status=report.status, triggered=True)
        case TrailMoved():
            return replace(state, order=terms, status=report.status, activated=True)
        case _:
            return replace(state, order=terms, status=report.status)


def _terms(order: Order, report: StatusChange) -> Order:
    match report:
        case Accepted():
            return replace(
                order, quantity=report.quantity, limit_price=report.limit_price, stop_price=report.stop_price
            )
        case Replaced():
            return replace(
                order,
                quantity=report.quantity,
                limit_price=report.limit_price,
                stop_price=report.stop_price,
                trailing_offset=report.trailing_offset,
                expires_at=report.expires_at,
            )
        case Restated():
            return replace(
                order, quantity=report.quantity, limit_price=report.limit_price, stop_price=report.stop_price
            )
        case Released() | Sliced():
            return replace(order, quantity=report.quantity)
        case TrailMoved():
            return replace(order, stop_price=report.stop_price, limit_price=report.limit_price)
        case _:
            return order
