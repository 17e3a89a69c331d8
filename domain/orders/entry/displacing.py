"""Displacement: an account's own orders are cancelled for a newer one that could trade with them, in its transaction.

The venue gets the cancels before the newer order. Until it has answered them the older orders may still fill.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from domain.accounts.types import AccountBook
from domain.kernel.unit_of_work import UnitOfWork
from domain.orders import queries
from domain.orders.deciding.activity import MAX_RESTING_PRICES, Displaced, UnknownPrice
from domain.orders.entry.activity_queries import load_resting
from domain.orders.entry.canceling import mark_canceling
from domain.orders.model.order import VENUE, Order
from domain.orders.model.order_types import RESTING
from domain.orders.model.types import OrderStatus
from domain.orders.model.venue_commands import CANCEL, QueuedCommand

CAUSE = "SELF_TRADE"
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Displacement:
    """An order, and the own orders that have to be cancelled before it goes to its venue."""

    newer: Order
    displaced: Displaced


async def with_enough_prices(decide: Callable[[int | None], Awaitable[Result]]) -> Result:
    """Decide with the best resting prices of each account; where these do not suffice, again with all of them.

    ``decide`` takes the number of prices that it reads; None: all.
    """
    try:
        return await decide(MAX_RESTING_PRICES)
    except UnknownPrice:
        return await decide(None)


async def cancel_displaced(
    work: UnitOfWork, displacement: Displacement, books: Mapping[UUID, AccountBook], batch: Sequence[Order]
) -> list[Order]:
    """Mark the displaced orders as pending cancel, and return those that the venue has to cancel.

    ``batch`` are the orders that this transaction writes itself, those before the newer one are older; ``books`` are
    the locked accounts.
    """
    newer, displaced = displacement.newer, displacement.displaced
    if not newer.is_open:
        return []
    stored = await load_resting(work, newer.account_id, displaced.symbol, displaced.side, displaced.bound)
    known = {order.id for order in batch}
    by = newer.placed_by or VENUE
    older = [order for order in stored if order.id not in known] + list(batch[: _place(batch, newer)])
    canceled = mark_canceling(work, [order for order in older if _meets(order, newer, displaced)], books, by, CAUSE)
    await queries.update_orders(work, [order for order in canceled if order.id not in known])
    return canceled


def put_cancels_before(newer: Order, canceled: Sequence[Order], commands: list[QueuedCommand]) -> None:
    """Put the cancels of displaced orders before the command of the newer one."""
    if canceled:
        place = next(place for place, (_, order, _) in enumerate(commands) if order is newer)
        commands[place:place] = [(CANCEL, order, None) for order in canceled]


def _place(batch: Sequence[Order], newer: Order) -> int:
    return next((place for place, order in enumerate(batch) if order is newer), 0)


def _meets(order: Order, newer: Order, displaced: Displaced) -> bool:
    if order.account_id != newer.account_id or order.symbol != displaced.symbol or order.side is not displaced.side:
        return False
    rests = order.type in RESTING or order.triggered_at is not None
    works = order.is_open and order.status is not OrderStatus.HELD and order.id != newer.id
    in_group = order.group_id is not None and order.group_id == newer.group_id
    return rests and works and not in_group and order.limit_price is not None and displaced.covers(order.limit_price)
