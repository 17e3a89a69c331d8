"""Asking venues to cancel orders.

The order is marked as pending cancel and stays what it is until the venue answers; a fill that comes first wins.
Cancelling what is cancelled, or asked to be, replays; what has ended otherwise is a conflict.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.access.types import Actor, Role, require_read, require_trade
from domain.accounts import queries as account_queries
from domain.accounts.events import record
from domain.kernel.bus import Bus
from domain.kernel.errors import BadInput, Conflict, NotFound
from domain.kernel.unit_of_work import UnitOfWork, unit_of_work
from domain.orders import queries
from domain.orders.commands import OrderKey
from domain.orders.events import order_parts
from domain.orders.order import Order
from domain.orders.types import OrderEventKind, OrderStatus, PendingAction


@dataclass(frozen=True, slots=True)
class CanceledOrder:
    """The order as it stands now; ``replayed`` when it was cancelled, or asked to be, before."""

    order: Order
    replayed: bool


async def find_order(actor: Actor, key: OrderKey) -> Order:
    """The order that ``key`` names, if the actor may see it.

    Raises:
        BadInput: neither an id nor an account with a client order id.
        NotFound: there is none, or it is not the actor's to see.
    """
    order = await _find(key)
    if order is None or not actor.may_read(order.account_id):
        raise NotFound("There is no such order.")
    return order


async def _find(key: OrderKey) -> Order | None:
    if key.id is not None:
        found = (await queries.read_orders([key.id])).get(key.id)
        if found is not None and key.account_id not in (None, found.account_id):
            return None
        return found
    if key.account_id is None or key.client_order_id is None:
        raise BadInput("Name the order by id, or by accountId and clientOrderId.", field="id")
    return await queries.read_order_by_client_id(key.account_id, key.client_order_id)


def require_cancel(actor: Actor, account_id: UUID) -> None:
    """Who trades an account may cancel its orders, and so may a RISK_MANAGER: stopping is never forbidden to them.

    Raises:
        NotFound, Forbidden: the actor may not see the account, or not act on it.
    """
    if actor.role is Role.RISK_MANAGER:
        require_read(actor, account_id)
    else:
        require_trade(actor, account_id)


async def cancel_order(bus: Bus, actor: Actor, key: OrderKey) -> CanceledOrder:
    """Ask the order's venue to cancel it.

    Raises:
        NotFound, Forbidden: it is not the actor's to see, or to cancel.
        Conflict: it has ended otherwise than by being cancelled.
    """
    seen = await find_order(actor, key)
    require_cancel(actor, seen.account_id)
    async with unit_of_work(bus) as work:
        await account_queries.lock_books(work, [seen.account_id])
        order = (await queries.load_orders(work, [seen.id]))[seen.id]
        if order.status is OrderStatus.CANCELED or order.pending_action is PendingAction.CANCEL:
            return CanceledOrder(order, replayed=True)
        if not order.is_open:
            raise Conflict(f"The order is {order.status} already.")
        await request_cancels(work, [order])
    return CanceledOrder(order, replayed=False)


async def request_cancels(work: UnitOfWork, orders: Sequence[Order]) -> None:
    """Mark open orders of locked accounts as pending cancel and hand them to their venues: a step."""
    wanted = [order for order in orders if order.is_open and order.pending_action is not PendingAction.CANCEL]
    if not wanted:
        return
    books = await account_queries.lock_books(work, {order.account_id for order in wanted})
    for order in wanted:
        order.pending_action = PendingAction.CANCEL
        order.updated_at = work.now
        order.version += 1
        record(books[order.account_id], OrderEventKind.PENDING_CANCEL, work.now, order_parts(order), order.id)
    await queries.update_orders(work, wanted)
    await account_queries.write_books(work, books.values())
    await queries.insert_commands(work, [(queries.CANCEL, order) for order in wanted])
