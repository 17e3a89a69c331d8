"""A real venue's emulation, pure: one book per instrument; ticks, commands and the venue's reports in.

Its state can always be loaded again: ``restore`` builds it from stored orders, positions, quotes and requests.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from domain.kernel.time import Nanos
from domain.market.clocks import USUAL_BOUNDS, ClockBounds
from domain.market.types import Instrument
from domain.orders.exchange.execution_reports import ExecutionReport, Filled
from domain.orders.exchange.instrument_books import InstrumentBooks, StoredPosition, changes_of
from domain.orders.exchange.paper import order_state
from domain.orders.exchange.types import Changes
from domain.orders.model.order import CONDITIONAL_TERMS, Order, terms_of
from domain.orders.model.types import Contingency, OrderStatus
from domain.orders.model.venue_commands import SUBMIT, VenueCommand
from domain.orders.venues.emulation.emulation_book import Drained, EmulationBook, OrderLocation
from domain.orders.venues.outbox import VenueRequest
from domain.orders.venues.remote_order import RemoteOrder
from domain.orders.venues.support import plain_time, plain_type
from domain.orders.venues.types import (
    Acknowledged,
    Answer,
    Capabilities,
    Declined,
    NewOrder,
    OrderRef,
    ReplaceTerms,
    RequestKind,
    VenueExecution,
    VenueReport,
    client_id_of,
    order_id_of,
)
from domain.orders.venues.types import VenueOrder as Seen


class RemoteVenue:
    """A venue with ``capabilities``: the emulation ``books`` of the instruments that may trade there."""

    def __init__(
        self,
        capabilities: Capabilities,
        instruments: Mapping[str, Instrument],
        bounds: ClockBounds = USUAL_BOUNDS,
    ) -> None:
        self.books = InstrumentBooks(instruments, lambda instrument: EmulationBook(instrument, capabilities), bounds)
        self.capabilities = capabilities
        self._symbols: dict[UUID, str] = {}

    # ------------------------------------------------------------------ state

    def restore(
        self,
        orders: Sequence[Order],
        positions: Iterable[StoredPosition],
        requests: Sequence[VenueRequest],
        executions: Mapping[UUID, frozenset[str]],
        wall: Nanos,
    ) -> list[ExecutionReport]:
        """Build all books, and report work that is due at once."""
        for position in positions:
            self.books.hold(position)
        asked = _Asked(requests)
        not_here = {
            order.id for order in orders if order.status is OrderStatus.PENDING_NEW and order.id not in asked.submitted
        }
        linked = _natively_linked(orders, asked.submitted)
        # Those that had arrived keep their places; the others come after them.
        for order in sorted(orders, key=lambda row: (row.venue_sequence == 0, row.venue_sequence, row.id)):
            book = self.books.find(order.symbol)
            if book is None or order.id in not_here or order.parent_id in not_here:
                continue
            known = OrderLocation(
                at_venue=_is_away(order, asked.submitted),
                acknowledged=order.venue_order_id is not None,
                native_group=order.group_id in linked,
                venue_order_id=order.venue_order_id,
                pending_cancel=asked.pending_cancel.get(order.id),
                changes=_changes_under_way(order, asked.replaces.get(order.id, 0)),
                executions=executions.get(order.id, frozenset()),
            )
            book.restore_remote(order_state(order), known)
            self._symbols[order.id] = order.symbol
        return self.books.resume(wall)

    def drain(self) -> Drained:
        """New requests since the last call, and answered ones."""
        drained = {symbol: book.drain() for symbol, book in self.books.items()}
        for symbol, part in drained.items():
            # Those that a sliced order has become are among them.
            self._symbols |= {row.order_id: symbol for row in part.requests}
        parts = list(drained.values())
        settled = [row for part in parts for row in part.settled]
        for row in settled:
            if row.kind is None:
                self._symbols.pop(row.order_id, None)
        return Drained(
            requests=[row for part in parts for row in part.requests],
            settled=settled,
            unconfirmed=[row for part in parts for row in part.unconfirmed],
        )

    def find(self, order_id: UUID | None) -> RemoteOrder | None:
        """An open order; None when it has ended, or was never here."""
        found = None if order_id is None else self._locate(order_id)
        return None if found is None else found[1]

    def orders(self) -> Iterator[tuple[str, RemoteOrder]]:
        """All open orders, with their symbols."""
        for symbol, book in self.books.items():
            for order in book.remote_orders():
                yield symbol, order

    def _locate(self, order_id: UUID) -> tuple[str, RemoteOrder, EmulationBook] | None:
        symbol = self._symbols.get(order_id)
        if symbol is None:
            return None
        book = self.books[symbol]
        order = book.remote_order(order_id)
        return None if order is None else (symbol, order, book)

    # ------------------------------------------------------------------ commands

    def act(self, commands: Sequence[VenueCommand], wall: Nanos) -> list[ExecutionReport]:
        """Carry out commands, in their order; one to submit an order that has come already does nothing."""
        reports = self.books.act(commands, wall)
        for command in commands:
            is_new = command.kind == SUBMIT and command.order.status is OrderStatus.PENDING_NEW
            if is_new and command.order.symbol in self.books:
                self._symbols |= {order.id: order.symbol for order in command.group or (command.order,)}
        return reports

    # ------------------------------------------------------------------ what the venue says

    def on_report(self, report: VenueReport, wall: Nanos, asked_at: Nanos | None = None) -> list[ExecutionReport]:
        """Apply a report of the venue about our order, once; a fill of an ended order is late, and booked.

        ``asked_at`` is when the venue was asked for it; None for what it says unasked.
        """
        order_id = order_id_of(report.client_order_id)
        located = None if order_id is None else self._locate(order_id)
        if located is None:
            return [_late(order_id, report)] if order_id is not None and isinstance(report, VenueExecution) else []
        _, order, book = located
        if isinstance(report, VenueExecution):
            return book.executed(order, report)
        if isinstance(report, Seen):
            return book.seen(order, report, asked_at)
        return book.declined(order, report.kind, report.reason, report.message, wall)

    def on_answer(self, order_id: UUID, kind: RequestKind, answer: Answer, wall: Nanos) -> list[ExecutionReport]:
        """Apply the answer to a request; a missing answer changes nothing."""
        located = self._locate(order_id)
        if located is None:
            return []
        _, order, book = located
        if isinstance(answer, Declined):
            return book.declined(order, kind, answer.reason, answer.message, wall)
        if not isinstance(answer, Acknowledged):
            return []
        reports = book.acknowledged(order, kind, answer, wall)
        return reports + (self.on_report(answer.order, wall) if answer.order is not None else [])

    def asking_for_change(self, order_id: UUID) -> None:
        """Mark that the oldest change of an order is sent now: earlier terms of the venue do not answer it."""
        order = self.find(order_id)
        if order is not None:
            order.is_restated = False

    def unknown(self, order_id: UUID, wall: Nanos) -> list[ExecutionReport]:
        """The venue says, after the grace period, that it has no such order."""
        located = self._locate(order_id)
        return [] if located is None else located[2].unknown(located[1], wall)

    def unmade(self, order_id: UUID, kind: RequestKind, answer: Declined, wall: Nanos) -> list[ExecutionReport]:
        """The venue did not make a change or cancel; it was asked after a while."""
        located = self._locate(order_id)
        if located is None:
            return []
        return located[2].declined(located[1], kind, answer.reason, answer.message, wall)

    # ------------------------------------------------------------------ what it is asked

    def new_orders(self, request: VenueRequest) -> list[NewOrder]:
        """The orders of a SUBMIT with their present terms, in the venue's form."""
        found = [self._locate(order_id) for order_id in request.orders]
        return [
            self._new_order(symbol, order, linked=bool(request.group))
            for symbol, order, _ in (row for row in found if row is not None)
        ]

    def ref(self, order_id: UUID) -> OrderRef | None:
        """The reference of an open order at the venue."""
        located = self._locate(order_id)
        if located is None:
            return None
        symbol, order, _ = located
        return OrderRef(client_order_id=client_id_of(order_id), symbol=symbol, venue_order_id=order.venue_order_id)

    def terms(self, order_id: UUID) -> ReplaceTerms | None:
        """The terms of an open order after the oldest requested change."""
        order = self.find(order_id)
        if order is None or not order.changes:
            return None
        changes = order.changes[0]
        quantity = order.working.quantity if changes.quantity is None else changes.quantity
        return ReplaceTerms(
            quantity=quantity + order.counted_extra,
            limit_price=_changed(changes.limit_price, order.working.limit),
            stop_price=_changed(changes.stop_price, order.working.stop),
            trailing_offset=_changed(changes.trailing_offset, order.working.trailing_offset),
            expires_at=None
            if order.timed_here
            else _nanos(order.working.expires_at if changes.expires_at is None else changes.expires_at),
        )

    def _new_order(self, symbol: str, order: RemoteOrder, *, linked: bool) -> NewOrder:
        terms, can = order.working.terms, self.capabilities
        asked = terms_of(order.working.state().order) | {
            "quantity": order.working.remaining,
            "time_in_force": plain_time(terms.time_in_force, can),
            "expires_at": None if order.timed_here else _nanos(order.working.expires_at),
            "reduce_only": terms.reduce_only and can.reduce_only,
        }
        if not order.native:
            asked["type"] = plain_type(terms)
            for name in CONDITIONAL_TERMS:
                del asked[name]
        linked = linked and order.native
        return NewOrder(
            client_order_id=client_id_of(order.order_id),
            symbol=symbol,
            contingency=terms.contingency if linked else Contingency.NONE,
            group=str(terms.group) if linked else None,
            **asked,
        )


class _Asked:
    """The open requests, by order."""

    def __init__(self, requests: Iterable[VenueRequest]) -> None:
        rows = list(requests)
        self.submitted = {order_id for row in rows if row.kind is RequestKind.SUBMIT for order_id in row.orders}
        self.pending_cancel = {row.order_id: row.cause for row in rows if row.kind is RequestKind.CANCEL}
        self.replaces: dict[UUID, int] = {}
        for row in rows:
            if row.kind is RequestKind.REPLACE:
                self.replaces[row.order_id] = self.replaces.get(row.order_id, 0) + 1


def _is_away(order: Order, submitted: set[UUID]) -> bool:
    return order.venue_order_id is not None or order.id in submitted


def _natively_linked(orders: Iterable[Order], submitted: set[UUID]) -> set[UUID | None]:
    """The groups that the venue links: all their open orders are there. The engine itself never makes such a group."""
    groups: dict[UUID, list[Order]] = {}
    for order in orders:
        if order.group_id is not None:
            groups.setdefault(order.group_id, []).append(order)
    return {
        group
        for group, members in groups.items()
        if len(members) > 1 and all(_is_away(order, submitted) for order in members)
    }


def _changes_under_way(order: Order, asked: int) -> list[Changes]:
    """The pending changes that the venue was asked for, the oldest ones. The others are still commands."""
    return [changes_of(change) for change in order.pending_changes[:asked]]


def _late(order_id: UUID, execution: VenueExecution) -> Filled:
    """The report of a fill of an ended order: booking decides its effect on the order."""
    return Filled(
        order_id=order_id,
        at=execution.at,
        status=OrderStatus.FILLED,
        price=execution.price,
        quantity=execution.quantity,
        liquidity=execution.liquidity,
        number=0,
        filled_quantity=execution.quantity,
        remaining=Decimal(0),
        last_in_event=True,
        execution_id=execution.venue_execution_id,
        fee=execution.fee,
        fee_currency=execution.fee_currency,
    )


def _changed(wanted: Decimal | None, present: Decimal | None) -> Decimal | None:
    return present if wanted is None else wanted


def _nanos(value: int | None) -> Nanos | None:
    return None if value is None else Nanos(value)
