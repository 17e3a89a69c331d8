"""Use cases that cancel orders.

The order is marked as pending cancel and keeps its status until the venue answers; a fill that comes first wins.
Cancelling an order that is cancelled or pending cancel is a replay; cancelling one that ended otherwise is a conflict.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.access.audit import Note, record_all, target_of
from domain.access.audit import record as audit
from domain.access.types import Actor, no_account, require_stop
from domain.accounts import guarded_queries
from domain.accounts import queries as account_queries
from domain.accounts.events import payload_of
from domain.accounts.rules import refuse_when_closed
from domain.accounts.types import AccountBook, AccountEvent
from domain.kernel.bus import Bus
from domain.kernel.errors import Conflict, NotFound
from domain.kernel.guarded_work import GuardedWork, StaleVersions
from domain.kernel.rows import encode_rows
from domain.kernel.time import utc_now
from domain.kernel.unit_of_work import UnitOfWork, Writing, unit_of_work
from domain.kernel.values import unguarded
from domain.market.instrument_store import instrument_exists
from domain.orders import queries
from domain.orders.change_queries import CHANGE_AS_READ, change_as_read, update_pending
from domain.orders.entry.context import OrderContext
from domain.orders.entry.finding import FoundCall, OrderFinding
from domain.orders.entry.group_commit import GroupCommit
from domain.orders.model.commands import CancelOrders, OrderKey
from domain.orders.model.events import order_parts, record_order
from domain.orders.model.order import Order
from domain.orders.model.types import OrderEventKind, OrderStatus, PendingAction
from domain.orders.model.venue_commands import CANCEL

# Orders that are marked with nothing else done meanwhile.
_AT_A_STRETCH = 1_000


@unguarded
@dataclass(frozen=True, slots=True)
class CanceledOrder:
    """The current order; ``replayed`` is true if it was cancelled or pending cancel before."""

    order: Order
    replayed: bool


@unguarded
@dataclass(frozen=True, slots=True)
class CancelCall(FoundCall):
    """One caller's cancel of an order that was found."""

    def authorize(self) -> None:
        """Check that the actor may make the call."""
        require_stop(self.actor, self.account_id)


class OrderCanceling:
    """The entry of single cancels: simultaneous calls share a transaction."""

    def __init__(self, context: OrderContext) -> None:
        self._bus = context.bus
        self.commits = GroupCommit[CancelCall, CanceledOrder](
            context, lambda _, calls, refused: self._cancel(calls, refused)
        )
        self._finding = OrderFinding(self.commits)

    async def cancel_order(self, actor: Actor, key: OrderKey) -> CanceledOrder:
        """Ask the order's venue to cancel it.

        Raises:
            NotFound, Forbidden: the actor may not see or not cancel it.
            Conflict: it has ended otherwise than by being cancelled.
            RateLimited, Unavailable: as for placing.
        """
        call = CancelCall(actor, await self._finding.find(actor, key))
        call.authorize()
        return await self.commits.submit(call)

    async def _cancel(
        self, calls: Sequence[CancelCall], refused: Mapping[int, BaseException]
    ) -> list[CanceledOrder | BaseException]:
        if not refused:
            try:
                return await self._cancel_as_found(calls)
            except StaleVersions:
                # An order has changed since it was found.
                pass
        outcomes: list[CanceledOrder | BaseException] = []
        wanted: dict[UUID, Order] = {}
        async with unit_of_work(self._bus) as work:
            books = await account_queries.lock_books(work, {call.account_id for call in calls})
            orders = await queries.load_orders(work, {call.order_id for call in calls})
            for place, call in enumerate(calls):
                outcomes.append(refused.get(place) or _decide(orders[call.order_id], wanted))
            mine = _by_order(calls, wanted)
            await request_cancels(work, list(wanted.values()), books, _senders(mine))
            await record_all(work, [_note(call) for call in mine.values()])
        return outcomes

    async def _cancel_as_found(self, calls: Sequence[CancelCall]) -> list[CanceledOrder | BaseException]:
        """Decide on the orders as they were found, and write in one statement that proves them current.

        A cancel changes nothing else of an account that decisions look at, so no account is read, and its version
        stays.

        Raises:
            StaleVersions: an order has changed; nothing was written.
        """
        work = GuardedWork(utc_now())
        found = {call.order_id: call.found for call in calls}
        orders, wanted = {order_id: copy(one.order) for order_id, one in found.items()}, dict[UUID, Order]()
        outcomes: list[CanceledOrder | BaseException] = [_decide(orders[call.order_id], wanted) for call in calls]
        if not wanted:
            return outcomes
        mine, events = _by_order(calls, wanted), dict[UUID, list[AccountEvent]]()
        for order in wanted.values():
            _mark(order, work.now)
            own = events.setdefault(order.account_id, [])
            payload = payload_of(order_parts(order, work.now, by=mine[order.id].attribution.by))
            kind = OrderEventKind.PENDING_CANCEL
            own.append(AccountEvent(order.account_id, len(own) + 1, kind, work.now, order.id, payload))
        asked = list(wanted.values())
        await record_all(work, [_note(call) for call in mine.values()])
        await queries.insert_commands(work, [(CANCEL, order, None) for order in asked])
        changes = encode_rows([change_as_read(order, found[order.id].stamp) for order in asked])
        await guarded_queries.write_events_under_lock(work, events, CHANGE_AS_READ, list(events), changes)
        work.finish(self._bus)
        return outcomes


def _by_order(calls: Sequence[CancelCall], wanted: Collection[UUID]) -> dict[UUID, CancelCall]:
    """The first call for each order that is cancelled."""
    return {call.order_id: call for call in reversed(calls) if call.order_id in wanted}


def _senders(calls: Mapping[UUID, CancelCall]) -> dict[UUID, str]:
    return {order_id: call.attribution.by for order_id, call in calls.items()}


def _note(call: CancelCall) -> Note:
    detail = {"accountId": call.account_id}
    return Note(call.attribution, "cancelOrder", target_of("order", call.order_id), detail=detail)


def _decide(order: Order, wanted: dict[UUID, Order]) -> CanceledOrder | Conflict:
    """Decide on one call; ``wanted`` are the orders that earlier calls of its transaction cancel."""
    pending = order.pending_action is PendingAction.CANCEL or order.id in wanted
    if pending or order.status is OrderStatus.CANCELED:
        return CanceledOrder(order, replayed=True)
    if not order.is_open:
        return order.conflict(f"The order is {order.status} already.")
    wanted[order.id] = order
    return CanceledOrder(order, replayed=False)


async def cancel_orders(bus: Bus, actor: Actor, command: CancelOrders) -> list[Order]:
    """Ask the venue to cancel all matching open orders, in one transaction, and return them, oldest first.

    Raises:
        NotFound, Forbidden: the actor may not see or not act on the account, or there is no such symbol.
        Refused: the account is closed.
    """
    require_stop(actor, command.account_id)
    async with unit_of_work(bus) as work:
        books = await account_queries.lock_books(work, [command.account_id])
        if not books:
            raise no_account()
        refuse_when_closed(books[command.account_id])
        orders = await queries.load_open_orders(
            work, books, symbol=command.symbol, side=command.side, strategy=command.strategy
        )
        if command.symbol is not None and not orders:
            # Who mistypes a symbol in an emergency must not believe that all is well.
            await _require_symbol(work, command.symbol)
        await request_cancels(work, orders, books, actor.email)
        given = {"symbol": command.symbol, "side": command.side, "strategy": command.strategy, "orders": len(orders)}
        await audit(work, actor, "cancelOrders", target_of("account", command.account_id), detail=given)
    return orders


async def _require_symbol(work: UnitOfWork, symbol: str) -> None:
    if not await instrument_exists(work, symbol):
        raise NotFound(f"There is no instrument {symbol[:40]!r}.", field="symbol")


async def request_cancels(
    work: UnitOfWork,
    orders: Sequence[Order],
    books: Mapping[UUID, AccountBook],
    by: str | Mapping[UUID, str],
    cause: str | None = None,
) -> None:
    """Mark open orders as pending cancel and queue commands to their venues: a step, in one statement per thousand.

    ``books`` are their accounts, locked. Their events name the author (``by``, one for all or one per order), and the
    cause unless a person asked.
    """
    for start in range(0, len(orders), _AT_A_STRETCH):
        if start:
            # A hundred thousand orders keep nobody else waiting, and no statement is too long.
            await asyncio.sleep(0)
        wanted = mark_canceling(work, orders[start : start + _AT_A_STRETCH], books, by, cause)
        if not wanted:
            continue
        await update_pending(work, wanted)
        await account_queries.write_books(work, books.values())
        await queries.insert_commands(work, [(CANCEL, order, None) for order in wanted])
        if start + _AT_A_STRETCH < len(orders):
            await work.flush()
            for book in books.values():
                book.events.clear()
                book.transactions.clear()


def mark_canceling(
    work: Writing,
    orders: Iterable[Order],
    books: Mapping[UUID, AccountBook],
    by: str | Mapping[UUID, str],
    cause: str | None = None,
) -> list[Order]:
    """Mark the working copies only, and return the orders that their venue has to cancel."""
    wanted = [order for order in orders if order.is_open and order.pending_action is not PendingAction.CANCEL]
    detail = {"cause": cause} if cause is not None else None
    for order in wanted:
        _mark(order, work.now)
        author = by if isinstance(by, str) else by[order.id]
        kind, account = OrderEventKind.PENDING_CANCEL, books[order.account_id]
        record_order(account, kind, work.now, order, detail=detail, by=author)
    return wanted


def _mark(order: Order, now: datetime) -> None:
    order.pending_action = PendingAction.CANCEL
    order.updated_at = now
    order.version += 1
