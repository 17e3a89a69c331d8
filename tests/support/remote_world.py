"""One account, one instrument and a loopback venue behind the engine's half of it, without any server.

Requests reach the venue when they are sent; answers and reports lie in ``mail`` until they are delivered, in whatever
order a test wants, and as often. What must hold of the books is checked after every delivery.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain.accounts.fees import NOTHING_DUE, Dues, posted
from domain.accounts.types import AccountKind, TransactionKind
from domain.kernel.numbers import ZERO
from domain.kernel.time import NANOS_PER_SECOND, Nanos
from domain.market.clocks import KeptQuote
from domain.market.types import Instrument
from domain.orders.exchange.execution_reports import ExecutionReport
from domain.orders.exchange.instrument_books import StoredPosition
from domain.orders.model.order import Order
from domain.orders.model.types import OrderStatus, PendingAction
from domain.orders.model.venue_commands import CANCEL, SUBMIT, VenueCommand
from domain.orders.venues.emulation.remote import RemoteVenue
from domain.orders.venues.outbox import Outbox, VenueRequest
from domain.orders.venues.reconciling import Findings, Ours, Theirs, compare
from domain.orders.venues.session import VenueSession
from domain.orders.venues.types import (
    Answer,
    RequestKind,
    VenueExecution,
    VenueOrder,
    VenueReport,
    client_id_of,
    order_id_of,
)
from domain.positions.types import Bucket
from tests.support.loopback import LoopbackVenue
from tests.support.world import World

GRACE_NANOS = 10 * NANOS_PER_SECOND
_KINDS = frozenset(RequestKind)


@dataclass(frozen=True)
class Letter:
    """An answer that has not been delivered."""

    request: VenueRequest
    order_id: UUID
    answer: Answer


class _Mailbox(list[Any]):
    """The messages of the venue, as its listeners' queue."""

    def put_nowait(self, reports: Sequence[VenueReport] | None) -> None:
        self.extend(reports or ())


class RemoteWorld(World):
    """A ``World`` with a real venue. The venue's market and the engine's market move together."""

    ends_exits_at_once = False

    def __init__(
        self, instrument: Instrument, cash: str, venue: LoopbackVenue, kind: AccountKind = AccountKind.CASH
    ) -> None:
        self.there = venue
        self.mail: list[Any] = _Mailbox()
        venue._listeners.append(self.mail)  # type: ignore[arg-type]  # it needs no more than to be put into
        super().__init__(instrument, kind, cash)

    def make_books(self, instrument: Instrument) -> Any:
        return self._begin(instrument).books

    def _begin(self, instrument: Instrument) -> RemoteVenue:
        remote = RemoteVenue(self.there.capabilities, {instrument.symbol: instrument})
        self.session = VenueSession(remote, Outbox(), grace_nanos=GRACE_NANOS)
        return remote

    def restart(self) -> None:
        """Restart the engine: reports that were not booked are lost, and the new one is built from stored rows."""
        self.mail.clear()
        requests = [replace(row, flying=False, asks=0) for row in self.session.outbox._requests.values()]
        executions: dict[UUID, set[str]] = {}
        for order_id, execution_id in self.booked:
            executions.setdefault(order_id, set()).add(execution_id)
        remote = self._begin(self.instrument)
        remote.books.see_quote(KeptQuote(self.quote, self.quote.at, "", "{}"))
        orders = sorted((order for order in self.orders.values() if order.is_open), key=lambda order: order.id)
        reports = remote.restore(
            orders,
            [
                StoredPosition(self.instrument.symbol, row, self.book.account.kind)
                for row in self.book.positions.values()
            ],
            requests,
            {order_id: frozenset(ids) for order_id, ids in executions.items()},
            self.now,
        )
        self.books = remote.books
        outbox = Outbox(requests, self.now)
        self.session = VenueSession(remote, outbox, grace_nanos=GRACE_NANOS)
        self.report(reports)

    # ------------------------------------------------------------------ what happens

    def match(self, bid: str, ask: str, size: str = "5") -> list[ExecutionReport]:
        """A new quote on the platform and at the venue."""
        reports = super().match(bid, ask, size)
        self.there.quote(self.instrument.symbol, bid, ask, size)
        return reports

    def quote_here(self, bid: str, ask: str) -> None:
        """A new quote that the venue's own market does not follow."""
        self.report(super().match(bid, ask))

    def report(self, reports: Sequence[ExecutionReport]) -> Any:
        """Book reports, and whatever follows from them."""
        return super().report([*reports, *self.session.collect(self.now)])

    def nanos_of(self, moment: datetime) -> Nanos:
        """A moment on this world's clock."""
        return Nanos.of(moment)

    def submit(self, orders: Sequence[Order]) -> None:
        """Send the commands to place the orders."""
        command = VenueCommand(SUBMIT, orders[0], self.account_terms, group=tuple(orders) if len(orders) > 1 else ())
        self.report(self.session.act([command], self.now))

    def cancel(self, order: Order) -> None:
        """Ask for a cancel."""
        self.ask_cancel(order)
        self.report(self.session.act([VenueCommand(CANCEL, order, self.account_terms)], self.now))

    async def send(self, *, lose_answers: bool = False) -> int:
        """Send the waiting requests; returns their number. The answers are in the mailbox then."""
        ready = self.session.take_ready(self.now, 100, _KINDS)
        for request in ready:
            answers = await self._send(request)
            if not lose_answers:
                self.mail.extend(Letter(request, *row) for row in zip(request.orders, answers, strict=True))
            else:
                self.session.outbox.landed(request.id, self.now)
        return len(ready)

    async def _send(self, request: VenueRequest) -> Sequence[Answer]:
        if request.kind is RequestKind.SUBMIT:
            return await self.there.submit(self.session.venue.new_orders(request))
        ref = self.session.venue.ref(request.order_id)
        assert ref is not None
        if request.kind is RequestKind.CANCEL:
            return [await self.there.cancel(ref)]
        terms = self.session.venue.terms(request.order_id)
        assert terms is not None
        return [await self.there.replace(ref, terms)]

    def deliver(self, place: int = 0, *, keep: bool = False) -> None:
        """Deliver one message of the mailbox; with ``keep`` it will be delivered again."""
        item = self.mail[place] if keep else self.mail.pop(place)
        self.take(item)

    def take(self, item: Any) -> None:
        """Apply one delivered message."""
        if isinstance(item, Letter):
            self.report(self.session.answered(item.request, item.order_id, item.answer, self.now))
        else:
            self.report(self.session.hear(item, self.now))

    async def run(self) -> None:
        """Send and deliver in order until nothing is left."""
        while await self.send() or self.mail:
            while self.mail:
                self.deliver()

    async def clear_up(self) -> None:
        """Advance the clock, ask the due questions and compare the books, until no order is unconfirmed."""
        for _ in range(100):
            await self.run()
            self.clock += 5 * NANOS_PER_SECOND
            for order_id in self.session.due(self.now):
                ref = self.session.venue.ref(order_id)
                if ref is not None:
                    seen = await self.there.order(ref)
                    self.report(self.session.told(order_id, seen, await self._fills_of(order_id), self.now))
            self.report(self.session.found(await self.compare(), self.now))
            if not self.session.outbox and not self.mail and not self.session._doubts:
                return
        raise AssertionError("it never comes to rest")

    async def compare(self) -> Findings:
        """Compare the books."""
        theirs = Theirs(
            open_orders=await self.there.open_orders(),
            executions=await self.there.executions(Nanos(0)),
            positions=await self.there.positions(),
        )
        position = self.book.position(self.instrument.id, Bucket.NET)
        ours = Ours(
            there=self.session.there(),
            known={order.id: order.is_open for order in self.orders.values()},
            positions={(self.instrument.symbol, Bucket.NET): position.quantity} if position.quantity else {},
        )
        return compare(ours, theirs)

    async def _fills_of(self, order_id: UUID) -> list[VenueExecution]:
        ours = client_id_of(order_id)
        return [row for row in await self.there.executions(Nanos(0)) if row.client_order_id == ours]

    # ------------------------------------------------------------------ what must be

    async def check_truth(self) -> None:
        """Assert that the books follow from the venue's own fills."""
        fills = await self.there.executions(Nanos(0))
        filled: dict[UUID, Decimal] = {}
        held, dues = ZERO, dict[UUID, Dues]()
        for row in fills:
            order_id = order_id_of(row.client_order_id)
            assert order_id is not None
            filled[order_id] = filled.get(order_id, ZERO) + row.quantity
            sign = row.side.sign
            held += row.quantity * sign
            assert row.fee is not None
            trade = ZERO if self.instrument.asset_class.is_derivative else -row.quantity * row.price * sign
            dues[order_id] = dues.get(order_id, NOTHING_DUE).plus(Dues(trade=trade, fee=row.fee))
        # Money is rounded once per order.
        paid = [posted(row, "USD") for row in dues.values()]
        cash = self.start + sum((row.trade - row.fee for row in paid), ZERO)
        assert {order.id: order.filled_quantity for order in self.orders.values() if order.filled_quantity} == filled
        assert self.book.position(self.instrument.id, Bucket.NET).quantity == held
        realized = sum(
            (row.amount for row in self.book.account.transactions if row.kind is TransactionKind.REALIZED_PNL), ZERO
        )
        assert self.book.account.cash == cash + realized

    async def check_ends(self) -> None:
        """Assert that each order has the venue's state; an order that never reached the venue has ended."""
        for order in self.orders.values():
            there: VenueOrder | None = self.there._orders.get(client_id_of(order.id))
            if there is None:
                continue
            assert order.is_open is there.is_open, (order, there)
            if not there.is_open and order.status is not OrderStatus.EXPIRED:
                assert order.status is there.status, (order, there)
            if there.is_open:
                assert order.quantity == there.quantity, (order, there)
                limited = order.limit_price is not None and there.limit_price is not None
                assert not limited or order.limit_price == there.limit_price, (order, there)
            assert order.pending_action is None or order.pending_action is PendingAction.CANCEL
