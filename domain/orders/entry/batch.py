"""One batch of orders: its inputs, its decisions and its writes.

The books come from the database under the accounts' locks, or from memory; in the second case the writing statement
proves them current. The decision code is the same.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import orjson

from domain.access.attribution import Attribution
from domain.access.types import no_account, require_trade
from domain.accounts import guarded_queries
from domain.accounts import queries as account_queries
from domain.kernel.errors import Conflict, DomainError, NotFound, prefix_field
from domain.kernel.guarded_work import GuardedWork, StaleVersions
from domain.kernel.rows import Record
from domain.kernel.unit_of_work import UnitOfWork, Writing
from domain.kernel.values import unguarded
from domain.market.types import Instrument
from domain.orders import queries
from domain.orders.deciding.grouping import DecidedGroup, GroupPart
from domain.orders.deciding.pretrade import Decision, decide
from domain.orders.deciding.reservations import unreserve
from domain.orders.deciding.state import new_order, refuse
from domain.orders.deciding.trading_book import MarketState, TradingBook, bucket_of
from domain.orders.entry.activity_queries import add_activity, load_activity
from domain.orders.entry.book_memory import BookMemory, RememberedBook
from domain.orders.entry.context import Markets, OrderContext, ReferenceData
from domain.orders.entry.displacing import Displacement, cancel_displaced, put_cancels_before
from domain.orders.entry.group_commit import ActorsCall
from domain.orders.model import refusals
from domain.orders.model.commands import PlaceOrder, request_digest
from domain.orders.model.events import OrderChanged, record_orders, signals_of
from domain.orders.model.order import REUSED_ID, Order
from domain.orders.model.refusals import Refusal
from domain.orders.model.types import OrderEventKind, OrderStatus, Side
from domain.orders.model.venue_commands import SUBMIT, QueuedCommand
from domain.orders.trace_queries import INSERT_TRACES, trace_of
from domain.positions import queries as position_queries
from domain.risk.events import raise_events


@unguarded
@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """An order as stored; ``replayed`` when its client order id had been used for the same order before."""

    order: Order
    replayed: bool


@unguarded
@dataclass(frozen=True, slots=True)
class PlaceCall(ActorsCall):
    """One caller's orders; with ``parts`` they are those of one bracket or OCO."""

    commands: tuple[PlaceOrder, ...]
    all_or_none: bool = False
    parts: tuple[GroupPart, ...] = ()

    @property
    def accounts(self) -> set[UUID]:
        """The accounts that the call locks."""
        return {command.account_id for command in self.commands}

    @property
    def weight(self) -> int:
        """The number of its orders."""
        return len(self.commands)

    def authorize(self) -> None:
        """Check that the actor may make the call; an error names the order whose account it is about."""
        accounts = [command.account_id for command in self.commands]
        for account_id in dict.fromkeys(accounts):
            try:
                require_trade(self.actor, account_id)
            except DomainError as error:
                self.name_order(error, accounts.index(account_id))
                raise

    def name_order(self, error: DomainError, index: int) -> None:
        """Add the order's index to an error in a batch of several, and the part's name in a group."""
        if self.parts:
            prefix_field(error, self.parts[index].name)
        elif len(self.commands) > 1:
            error.context["index"] = index


@unguarded
@dataclass(frozen=True, slots=True)
class _Request:
    """An order to decide on, with its instrument; ``digest`` identifies repeats.

    ``repeats`` is the account and client order id of one that was placed before; None for a new order.
    """

    command: PlaceOrder
    instrument: Instrument
    digest: bytes
    repeats: tuple[UUID, str] | None = None


class _Decided(NamedTuple):
    """A request with the market that it met, the end of the order's time, and the decision."""

    request: _Request
    market: MarketState
    works_until: datetime | None
    decision: Decision


# A new order is in a status that has an event of its own name.
_PLACED = {
    status: OrderEventKind(status) for status in (OrderStatus.PENDING_NEW, OrderStatus.HELD, OrderStatus.REJECTED)
}


class Batch:
    """The inputs, decisions and writes of one transaction."""

    def __init__(self, context: OrderContext, reference_data: ReferenceData) -> None:
        self.context = context
        self._reference_data = reference_data
        self._books: dict[UUID, TradingBook] = {}
        self._remembered: dict[UUID, RememberedBook] = {}
        self._known: dict[tuple[UUID, str], Order] = {}
        self._groups: dict[UUID, list[Order]] = {}
        self._new: list[Order] = []
        self._commands: list[QueuedCommand] = []
        self._displacements: list[Displacement] = []
        self._traces: list[Record] = []
        self.markets = Markets(context)

    async def load(self, work: UnitOfWork, calls: Sequence[PlaceCall], max_prices: int | None) -> None:
        """Lock the accounts, check that the caches are current, load positions and repeated orders.

        ``max_prices`` as in ``load_activity``.
        """
        commands = [command for call in calls for command in call.commands]
        keys = {(row.account_id, row.client_order_id) for row in commands if row.client_order_id is not None}
        wanted = self._reference_data.instrument_ids(row.symbol for row in commands)
        await self.load_accounts(work, {command.account_id for command in commands}, wanted, keys, max_prices)

    async def load_accounts(
        self,
        work: UnitOfWork,
        account_ids: Collection[UUID],
        instrument_ids: Collection[UUID],
        keys: Collection[tuple[UUID, str]],
        max_prices: int | None,
    ) -> None:
        """Load whole accounts: all their positions, and the instruments."""
        accounts = await account_queries.lock_books(work, account_ids)
        state = await queries.load_pre_trade_state(work, accounts, instrument_ids, keys)
        self._reference_data.compare(state.versions)
        if state.repeats:
            await self._load_known(work, keys)
        needs = self._reference_data.needs
        activities = await load_activity(work.fetch, accounts, needs, work.now, max_prices)
        for account_id, account in accounts.items():
            self._books[account_id] = self.context.trading_book(
                account, state.positions[account_id], activities[account_id], self._reference_data
            )

    async def recall(self, memory: BookMemory, calls: Sequence[PlaceCall], now: datetime) -> None:
        """Take the books of the accounts out of ``memory``; missing ones are read, without a lock.

        An account that does not exist is left out.
        """
        commands = [command for call in calls for command in call.commands]
        account_ids = {command.account_id for command in commands}
        instrument_ids = self._reference_data.instrument_ids(row.symbol for row in commands)
        needs = self._reference_data.needs
        self._remembered = await memory.recall(account_ids, instrument_ids, needs, now)
        for account_id, one in self._remembered.items():
            self._books[account_id] = self.context.trading_book(
                one.account, one.positions, one.activity, self._reference_data
            )

    async def commit(self, memory: BookMemory, now: datetime) -> None:
        """Write everything in one statement that proves the recalled books current, and remember them.

        Raises:
            OutdatedReads: they were not current; nothing was written.
            StaleVersions: a client order id is taken, or the orders need a transaction: one violates a rule, whose
                event takes a lock, or own orders have to be cancelled first. Nothing was written.
        """
        if not self._new or self._displacements or any(order.violations for order in self._new):
            raise StaleVersions("these orders need a transaction")
        work = GuardedWork(now)
        await self._write_orders(work)
        books = [book.account for book in self._books.values()]
        await guarded_queries.write_books(work, books, self._reference_data.versions)
        work.finish(self.context.bus)
        for one in self._remembered.values():
            memory.keep(one)

    def book(self, account_id: UUID) -> TradingBook:
        """The book of an account.

        Raises:
            NotFound: there is no such account.
        """
        if account_id not in self._books:
            raise no_account()
        return self._books[account_id]

    def known(self, account_id: UUID, client_order_id: str | None) -> Order | None:
        """The order with this client order id, if there is one."""
        return None if client_order_id is None else self._known.get((account_id, client_order_id))

    def instrument(self, command: PlaceOrder) -> Instrument:
        """The instrument of an order.

        Raises:
            NotFound: there is no such account or instrument.
        """
        self.book(command.account_id)
        instrument = self._reference_data.instruments.get(command.symbol)
        if instrument is None:
            raise NotFound(f"There is no instrument {command.symbol[:40]!r}.", field="symbol")
        return instrument

    def place(self, call: PlaceCall, now: datetime) -> list[PlacedOrder]:
        """Decide on the orders of one call, each by itself.

        Each step is done for all of them before the next: one order after the other, a list would take a sixth longer,
        because the code of all steps is larger than the processor's instruction cache.

        Raises:
            DomainError: the call is refused as a whole, and has left no trace.
        """
        requests = self._requests(call)
        marks = self._marks_of(call) if call.all_or_none else {}
        decided = [self._decide(request, now) for request in requests if request.repeats is None]
        fresh = [(self._order(one, now), one.decision) for one in decided]
        if call.all_or_none and any(not decision.accepted for _, decision in fresh):
            self._refuse_all(refusals.refused_with_batch(), fresh, marks)
        orders = [order for order, _ in fresh]
        self._keep(orders, now, call.attribution)
        made = iter(orders)
        return [
            PlacedOrder(next(made), replayed=False)
            if request.repeats is None
            else PlacedOrder(self._known[request.repeats], replayed=True)
            for request in requests
        ]

    def place_one(self, command: PlaceOrder, now: datetime, digest: bytes, attribution: Attribution) -> Order:
        """Decide on one order and keep it; the caller has checked the actor's right, and repeats of ``digest``."""
        request = _Request(command, self.instrument(command), digest)
        order = self._order(self._decide(request, now), now)
        self._keep([order], now, attribution)
        return order

    def group_of(self, order: Order) -> list[Order]:
        """The orders that were placed together with ``order`` in a group, itself included; none without a group."""
        return self._groups.get(order.group_id, []) if order.group_id is not None else []

    def keep_group(self, group: DecidedGroup, now: datetime, attribution: Attribution) -> None:
        """Keep the orders of a group that was decided on, to be written with the batch."""
        orders, entry = group.orders, group.orders[0]
        assert entry.group_id is not None
        self._groups[entry.group_id] = orders
        self._displacements += [Displacement(entry, row) for row in group.displaced]
        self._keep(orders, now, attribution, submit=False)
        if entry.is_open:
            # It travels as one: the venue must know of the exits when the entry begins to fill.
            self._submit(entry, orjson.dumps([str(order.id) for order in orders]).decode())

    async def _load_known(self, work: UnitOfWork, keys: Collection[tuple[UUID, str]]) -> None:
        self._known = await queries.find_by_client_ids(work, keys)
        groups = {order.group_id for order in self._known.values() if order.group_id is not None}
        if groups:
            for order in (await queries.load_groups(work, groups)).values():
                assert order.group_id is not None
                self._groups.setdefault(order.group_id, []).append(order)

    def _requests(self, call: PlaceCall) -> list[_Request]:
        """The orders of a call with their instruments. A reused client order id must name an equal order.

        The equal order was stored before, or comes earlier in the call.
        """
        seen: dict[tuple[UUID, str], bytes] = {}
        requests: list[_Request] = []
        try:
            for command in call.commands:
                instrument, digest, repeats = self.instrument(command), request_digest(command), None
                if command.client_order_id is not None:
                    key = (command.account_id, command.client_order_id)
                    stored = self._known.get(key)
                    first = seen.get(key) if stored is None else stored.request_digest
                    if first is None:
                        seen[key] = digest
                    elif first == digest:
                        repeats = key
                    elif stored is not None:
                        raise stored.conflict(REUSED_ID, field="clientOrderId")
                    else:
                        raise Conflict(REUSED_ID, field="clientOrderId")
                requests.append(_Request(command, instrument, digest, repeats))
        except DomainError as error:
            call.name_order(error, len(requests))
            raise
        return requests

    def _decide(self, request: _Request, now: datetime) -> _Decided:
        command, instrument = request.command, request.instrument
        book = self._books[command.account_id]
        market = self.markets.state(instrument, now, book.account.currency)
        works_until = self.context.works_until(command, instrument, now)
        return _Decided(request, market, works_until, decide(command, instrument, market, book))

    def _order(self, decided: _Decided, now: datetime) -> Order:
        request, market, works_until, decision = decided
        command, instrument, digest = request.command, request.instrument, request.digest
        account = self._books[command.account_id].account
        order = new_order(command, instrument, account.venue, decision, market, works_until, now, digest)
        # The account's own object in all its orders: rows that share an object send it once (``rows.encoded``).
        order.account_id = account.id
        if decision.displaced is not None:
            self._displacements.append(Displacement(order, decision.displaced))
        return order

    def _marks_of(self, call: PlaceCall) -> dict[UUID, int]:
        books = {account_id: self._books[account_id] for account_id in call.accounts}
        return {account_id: book.activity.mark() for account_id, book in books.items() if book.activity is not None}

    def _refuse_all(self, refusal: Refusal, fresh: list[tuple[Order, Decision]], marks: Mapping[UUID, int]) -> None:
        for account_id, mark in marks.items():
            activity = self._books[account_id].activity
            if activity is not None:
                activity.undo(mark)
        for order, decision in fresh:
            if not decision.accepted:
                continue
            book = self._books[order.account_id]
            position, buys = book.position_for(order, order.instrument_id), order.side is Side.BUY
            unreserve(book.account, position, decision.reservation, buys=buys)
            refuse(order, *refusal, order.created_at)

    def _keep(self, orders: Sequence[Order], now: datetime, attribution: Attribution, *, submit: bool = True) -> None:
        changes: dict[UUID, list[OrderChanged]] = {}
        for order in orders:
            order.placed_by, order.placed_key = attribution.by, attribution.key_id
            order.placed_from, order.request_id = attribution.address, attribution.request_id
            self._known[(order.account_id, order.client_order_id)] = order
            if order.is_open and submit:
                self._submit(order, None)
            if attribution.trace is not None:
                self._traces.append(trace_of(order, attribution.trace, now))
            book = self._books[order.account_id]
            bucket = bucket_of(order, book.account.position_mode)
            position = book.positions.get((order.instrument_id, bucket)) if order.is_open else None
            changes.setdefault(order.account_id, []).append(OrderChanged(_PLACED[order.status], order, position))
        self._new += orders
        for account_id, own in changes.items():
            record_orders(self._books[account_id].account, now, own)

    def _submit(self, order: Order, payload: str | None) -> None:
        self._commands.append((SUBMIT, order, payload))

    async def write(self, work: UnitOfWork) -> None:
        """Store everything, in a number of statements that does not depend on the number of orders."""
        if not self._new:
            return
        await self._cancel_displaced(work)
        await self._write_orders(work)
        await account_queries.write_books(work, (book.account for book in self._books.values()))
        # Last of all: what raises events waits for each other.
        await raise_events(work, [signal for order in self._new for signal in signals_of(order)])

    async def _cancel_displaced(self, work: UnitOfWork) -> None:
        """Cancel own resting orders before the venue gets an order that could trade with them."""
        books = {account_id: book.account for account_id, book in self._books.items()}
        for displacement in self._displacements:
            canceled = await cancel_displaced(work, displacement, books, self._new)
            put_cancels_before(displacement.newer, canceled, self._commands)

    async def _write_orders(self, work: Writing) -> None:
        books = self._books.values()
        await queries.insert_orders(work, self._new)
        await position_queries.write_positions(work, (row for book in books for row in book.positions.values()))
        await add_activity(work, books)
        await queries.insert_commands(work, self._commands)
        await work.write(INSERT_TRACES, self._traces)
