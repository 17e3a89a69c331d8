"""Use cases that modify open orders (FIX Cancel/Replace): decided like a new order, then answered by the venue.

Guarantees: the order keeps its id. The change is pending, with a command to the venue in the same transaction, until
the venue has answered; meanwhile the larger of both reservations is kept. A fill that comes first wins. A refused
modification has changed nothing. Several may be pending; the venue takes them in order.
"""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

import orjson

from domain.access.audit import Note, record_all, target_of
from domain.access.types import Actor, require_trade
from domain.accounts import guarded_queries
from domain.accounts import queries as account_queries
from domain.kernel.errors import DomainError, NotFound, Refused
from domain.kernel.guarded_work import GuardedWork, StaleVersions
from domain.kernel.time import utc_now
from domain.kernel.unit_of_work import UnitOfWork, Writing, unit_of_work
from domain.kernel.values import unguarded
from domain.orders import queries
from domain.orders.change_queries import StoredOrder, change_as_read, read_by_group, update_pending_changes
from domain.orders.deciding.activity import UnknownPrice
from domain.orders.deciding.modify_rules import as_changed, decide_change
from domain.orders.deciding.trading_book import EXCLUSIVE, TradingBook, alternatives, bucket_of
from domain.orders.entry.activity_queries import add_activity, load_activity
from domain.orders.entry.book_memory import BookMemory, RememberedBook
from domain.orders.entry.context import Markets, OrderContext, ReferenceData
from domain.orders.entry.displacing import Displacement, cancel_displaced, put_cancels_before, with_enough_prices
from domain.orders.entry.finding import FoundCall, OrderFinding
from domain.orders.entry.group_commit import GroupCommit, outcomes_of
from domain.orders.entry.placing import OrderEntry
from domain.orders.model.commands import ModifyOrder
from domain.orders.model.events import record_order
from domain.orders.model.order import Order, PendingChange
from domain.orders.model.order_validation import check_change
from domain.orders.model.stored_forms import change_snapshot
from domain.orders.model.types import OrderEventKind, PendingAction
from domain.orders.model.venue_commands import REPLACE, QueuedCommand
from domain.orders.row_stamps import Stamp
from domain.positions import queries as position_queries

# A client that has more sends changes faster than its venue answers them.
MAX_PENDING_CHANGES = 20


@unguarded
@dataclass(frozen=True, slots=True)
class ModifyCall(FoundCall):
    """One caller's modification of an order that was found."""

    command: ModifyOrder

    def authorize(self) -> None:
        """Check that the actor may make the call."""
        require_trade(self.actor, self.account_id)


class OrderModifying:
    """The entry of modifications: simultaneous calls share a transaction, and the books of ``entry``."""

    def __init__(self, entry: OrderEntry) -> None:
        self._context = entry.context
        self._memory = entry.memory
        self.commits = GroupCommit[ModifyCall, Order](entry.context, self._modify, turns=entry.turns)
        self._finding = OrderFinding(self.commits)

    async def modify_order(self, actor: Actor, command: ModifyOrder) -> Order:
        """Ask the venue to modify an open order, and return the order with the change pending.

        Raises:
            BadInput: a field that the order does not have, a value that it cannot have, or nothing that would change.
            NotFound, Forbidden: the actor may not see or not change the order.
            Conflict: it has ended, a cancel is pending, or it is not at the expected version.
            Refused: business refuses the new terms; ``reason`` is that of a refused order.
            RateLimited, Unavailable: as for placing.
        """
        call = ModifyCall(actor, await self._finding.find(actor, command.key), command)
        call.authorize()
        return await self.commits.submit(call)

    async def _modify(
        self, reference_data: ReferenceData, calls: Sequence[ModifyCall], refused: Mapping[int, BaseException]
    ) -> list[Order | BaseException]:
        if not refused:
            try:
                return await self._modify_from_memory(reference_data, calls)
            except StaleVersions:
                # An order or its account has changed since, or only a transaction can decide on a change.
                pass
        return await with_enough_prices(partial(self._modify_under_lock, reference_data, calls, refused))

    async def _modify_under_lock(
        self,
        reference_data: ReferenceData,
        calls: Sequence[ModifyCall],
        refused: Mapping[int, BaseException],
        max_prices: int | None,
    ) -> list[Order | BaseException]:
        batch = _Batch(self._context, reference_data)
        async with unit_of_work(self._context.bus) as work:
            await batch.load(work, calls, max_prices)
            outcomes = outcomes_of(calls, refused, lambda call: batch.modify(call, work.now))
            await batch.write(work)
        return outcomes

    async def _modify_from_memory(
        self, reference_data: ReferenceData, calls: Sequence[ModifyCall]
    ) -> list[Order | BaseException]:
        """Decide on found orders and remembered books, and write in one statement that proves them current.

        Raises:
            StaleVersions: they were not, or a modification is refused; nothing was written.
        """
        batch, now = _Batch(self._context, reference_data), utc_now()
        await batch.recall(self._memory, calls, now)
        try:
            outcomes: list[Order | BaseException] = [batch.modify(call, now) for call in calls]
        except (DomainError, UnknownPrice) as error:
            # The answer must not rest on what may be out of date.
            raise StaleVersions(str(error)) from error
        await batch.commit(self._memory, now)
        return outcomes


class _Batch:
    """The inputs, decisions and writes of one transaction."""

    def __init__(self, context: OrderContext, reference_data: ReferenceData) -> None:
        self._context = context
        self._reference_data = reference_data
        self._markets = Markets(context)
        self._books: dict[UUID, TradingBook] = {}
        self._remembered: dict[UUID, RememberedBook] = {}
        self._orders: dict[UUID, Order] = {}
        self._stamps: dict[UUID, Stamp] = {}
        self._changed: dict[UUID, Order] = {}
        self._commands: list[QueuedCommand] = []
        self._displacements: list[Displacement] = []
        self._notes: list[Note] = []

    async def load(self, work: UnitOfWork, calls: Sequence[ModifyCall], max_prices: int | None) -> None:
        """Lock the accounts, check that the caches are current, load orders, those that they exclude, and positions."""
        accounts = await account_queries.lock_books(work, {call.account_id for call in calls})
        await self._reference_data.check(work)
        self._orders = await queries.load_orders(work, {call.order_id for call in calls})
        groups = {order.group_id for order in self._orders.values() if order.contingency in EXCLUSIVE}
        if groups:
            self._orders = await queries.load_groups(work, groups) | self._orders
        wanted = {order.instrument_id for order in self._orders.values()}
        positions = await position_queries.load_positions(work, accounts, wanted)
        needs = self._reference_data.needs
        activities = await load_activity(work.fetch, accounts, needs, work.now, max_prices)
        for account_id, account in accounts.items():
            self._books[account_id] = self._context.trading_book(
                account, positions[account_id], activities[account_id], self._reference_data
            )

    async def recall(self, memory: BookMemory, calls: Sequence[ModifyCall], now: datetime) -> None:
        """Take the orders that were found, and the books of their accounts out of ``memory``, without a lock.

        Read are the orders that they exclude, and missing books.
        """
        found = _newest(call.found for call in calls)
        groups = {one.order.group_id for one in found.values() if one.order.contingency in EXCLUSIVE}
        if groups:
            found |= await read_by_group({group for group in groups if group is not None})
        known: dict[UUID, int] = {}
        for order_id, one in found.items():
            # A copy, because other calls may have found the same object.
            self._orders[order_id] = copy(one.order)
            self._stamps[order_id] = one.stamp
            known[one.order.account_id] = max(known.get(one.order.account_id, 0), one.book_version)
        wanted = {order.instrument_id for order in self._orders.values()}
        needs = self._reference_data.needs
        self._remembered = await memory.recall(known, wanted, needs, now, known)
        for account_id, book in self._remembered.items():
            self._books[account_id] = self._context.trading_book(
                book.account, book.positions, book.activity, self._reference_data
            )

    def modify(self, call: ModifyCall, now: datetime) -> Order:
        """Decide on one call.

        Raises:
            DomainError: the change is refused, and has left no trace.
        """
        order = self._orders.get(call.order_id)
        if order is None:
            raise NotFound("There is no such order.", field="id")
        _check_state(order, call.command)
        check_change(call.command, as_changed(order), now)
        instrument, book = self._reference_data.by_id[order.instrument_id], self._books[order.account_id]
        legs = alternatives(order, self._orders.values())
        decision = decide_change(
            order,
            call.command,
            instrument,
            self._markets.state(instrument, now, book.account.currency),
            book,
            legs,
        )
        if decision.refusal is not None:
            reason, message = decision.refusal
            raise Refused(message, reason=reason)
        self._changed |= {leg.id: leg for leg in legs}
        self._keep(order, decision.change, now, call)
        if decision.displaced is not None:
            self._displacements.append(Displacement(order, decision.displaced))
        # A later call of the same transaction may change the order again.
        return copy(order)

    def _keep(self, order: Order, change: PendingChange, now: datetime, call: ModifyCall) -> None:
        order.pending_action = PendingAction.REPLACE
        order.updated_at = now
        order.version += 1
        asked = change_snapshot(change)
        self._commands.append((REPLACE, order, orjson.dumps(asked).decode()))
        detail = {"requested": {name: asked[name] for name in _ASKED if asked[name] is not None}}
        book = self._books[order.account_id]
        position = book.positions.get((order.instrument_id, bucket_of(order, book.account.position_mode)))
        told = {"accountId": order.account_id, **detail["requested"]}
        self._notes.append(Note(call.attribution, "modifyOrder", target_of("order", order.id), detail=told))
        kind, by = OrderEventKind.PENDING_REPLACE, call.attribution.by
        record_order(book.account, kind, now, order, position=position, detail=detail, by=by)

    async def write(self, work: UnitOfWork) -> None:
        """Store everything, in a number of statements that does not depend on the number of changes."""
        if self._changed:
            await self._cancel_displaced(work)
            await update_pending_changes(work, list(self._changed.values()))
            await self._write_others(work)
            await account_queries.write_books(work, (book.account for book in self._books.values()))

    async def commit(self, memory: BookMemory, now: datetime) -> None:
        """Write everything in one statement that proves orders and books current, and remember the books.

        Raises:
            StaleVersions: they were not current, or other orders have to be cancelled first, which takes a transaction;
                nothing was written.
        """
        if self._displacements:
            raise StaleVersions("these changes need a transaction")
        work = GuardedWork(now)
        await self._write_others(work)
        changes = [change_as_read(order, self._stamps[order.id]) for order in self._changed.values()]
        books = [book.account for book in self._books.values()]
        await guarded_queries.write_books(work, books, self._reference_data.versions, changes)
        work.finish(self._context.bus)
        for book in self._remembered.values():
            memory.keep(book)

    async def _write_others(self, work: Writing) -> None:
        books = self._books.values()
        await position_queries.write_positions(work, (row for book in books for row in book.positions.values()))
        await add_activity(work, books)
        await queries.insert_commands(work, self._commands)
        await record_all(work, self._notes)

    async def _cancel_displaced(self, work: UnitOfWork) -> None:
        """Cancel own resting orders before the venue gets changes that could trade with them."""
        books = {account_id: book.account for account_id, book in self._books.items()}
        for displacement in self._displacements:
            newer = displacement.newer
            others = [order for order in self._changed.values() if order is not newer]
            canceled = await cancel_displaced(work, displacement, books, [*others, newer])
            put_cancels_before(newer, canceled, self._commands)


def _newest(found: Iterable[StoredOrder]) -> dict[UUID, StoredOrder]:
    """Each order as it was read with the newest version of its book."""
    newest: dict[UUID, StoredOrder] = {}
    for one in found:
        before = newest.get(one.order.id)
        if before is None or one.book_version >= before.book_version:
            newest[one.order.id] = one
    return newest


_ASKED = ("quantity", "limitPrice", "stopPrice", "trailingOffset", "expiresAt")


def _check_state(order: Order, command: ModifyOrder) -> None:
    if not order.is_open:
        raise order.conflict(f"The order is {order.status} already.")
    if command.expected_version not in (None, order.version):
        message = f"The order is at version {order.version}."
        raise order.conflict(message, field="expectedVersion", currentVersion=order.version)
    if order.pending_action is PendingAction.CANCEL:
        raise order.conflict("A cancel of the order is pending.")
    if len(order.pending_changes) >= MAX_PENDING_CHANGES:
        raise order.conflict("Too many changes of the order wait for the venue's answer.")
