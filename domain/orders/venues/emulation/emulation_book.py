"""The emulation book of one instrument at a real venue, pure: orders held by the engine, and the state of the others.

It contains the trigger book that the paper exchange is made of. Orders that the venue supports go there; others wait in
the trigger book for their price, their time or their group, as they would at the paper exchange, and go there as plain
orders. Reports of the venue are applied in any order and any number of times, and have the same effects on groups. Each
call returns the reports for the books; ``drain`` gives the requests to the venue.

Nothing here has to be stored: ``restore_remote`` re-creates an order from the database and the open requests.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from domain.market.types import Instrument, QuoteTick, Tick
from domain.orders.exchange.book.working import WorkingOrder
from domain.orders.exchange.execution_reports import (
    CancelRejected,
    ExecutionReport,
    Held,
    Triggered,
)
from domain.orders.exchange.holdings import Holding
from domain.orders.exchange.trailing import TickGrid
from domain.orders.exchange.triggers.matching import Matching
from domain.orders.exchange.triggers.trigger_book import TriggerBook
from domain.orders.exchange.types import Changes, Order, OrderState
from domain.orders.model import refusals
from domain.orders.model.types import Contingency, OrderStatus, RejectReason
from domain.orders.venues.emulation import replacing, split_units
from domain.orders.venues.emulation.slicing import Bounds
from domain.orders.venues.emulation.venue_custody import VenueCustody
from domain.orders.venues.emulation.venue_trading import VenueTrading
from domain.orders.venues.remote_order import Cause, RemoteOrder, Settled, Wanted
from domain.orders.venues.support import is_native_group, is_timed_by_engine, waits_here
from domain.orders.venues.types import Acknowledged, Capabilities, RequestKind, VenueExecution, VenueOrder

_WORKING = (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """Results of the last calls beside reports: new requests, answered ones, and unconfirmed orders to ask about."""

    requests: Sequence[Wanted]
    settled: Sequence[Settled]
    unconfirmed: Sequence[UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLocation:
    """The location of an order, beside its state: enough to restore it.

    ``at_venue``: it was handed over. ``native_group``: with its whole group, which the venue links.
    """

    at_venue: bool
    acknowledged: bool
    native_group: bool
    venue_order_id: str | None
    pending_cancel: Cause | None
    changes: Sequence[Changes]
    executions: frozenset[str]


class EmulationBook:
    """The book of one instrument at a real venue with the capabilities ``venue``: a trigger book and its custody."""

    __slots__ = ("_book", "_custody", "_venue")

    def __init__(self, instrument: Instrument, venue: Capabilities) -> None:
        self._venue = venue
        self._custody = VenueCustody(venue)
        matching = Matching(self._custody.book, TickGrid.of(instrument.tick_size), VenueTrading(self._custody))
        self._book = TriggerBook(self._custody.book, matching, self._arrived)
        self.set_instrument(instrument)

    # ------------------------------------------------------------------ the market and the clock

    def on_tick(self, tick: Tick) -> list[ExecutionReport]:
        """Process a market event."""
        return self._book.on_tick(tick)

    def on_quote(self, tick: QuoteTick) -> list[ExecutionReport]:
        """Process new best prices."""
        return self._book.on_quote(tick)

    def on_stale(self, tick: Tick) -> list[ExecutionReport]:
        """Process a market event that was too old when it came."""
        return self._book.on_stale(tick)

    def on_clock(self, at: int) -> list[ExecutionReport]:
        """Expire what is due."""
        return self._book.on_clock(at)

    def set_instrument(self, instrument: Instrument) -> None:
        """Use newer terms: the tick size of computed prices, and the bounds by which orders are sliced."""
        self._book.set_tick_size(instrument.tick_size)
        self._custody.bounds = Bounds(instrument.min_quantity, instrument.max_quantity)

    # ------------------------------------------------------------------ accounts

    def holding(self, account: Hashable) -> Holding:
        """The position that reduce-only orders are cut to."""
        return self._book.holding(account)

    def set_holding(self, account: Hashable, holding: Holding) -> None:
        """Set an account's position."""
        self._book.set_holding(account, holding)

    def introduce(self, account: Hashable, *, hedging: bool, may_short: bool) -> None:
        """Set how an account keeps positions."""
        self._book.introduce(account, hedging=hedging, may_short=may_short)

    # ------------------------------------------------------------------ state

    def __len__(self) -> int:
        """The number of open orders."""
        return len(self._book)

    def order(self, order_id: Hashable) -> OrderState | None:
        """The state of an open order; None when it has ended or is unknown."""
        return self._book.order(order_id)

    def drain(self) -> Drained:
        """New requests since the last call, and answered ones."""
        state = self._custody
        state.forget_ended()
        drained = Drained(requests=state.requests, settled=state.settled, unconfirmed=state.unconfirmed)
        state.requests, state.settled, state.unconfirmed = [], [], []
        return drained

    def remote_order(self, order_id: Hashable) -> RemoteOrder | None:
        """An open order; None when it has ended or is unknown."""
        return self._custody.find(order_id)

    def remote_orders(self) -> Iterable[RemoteOrder]:
        """All open orders."""
        return self._custody.open_orders()

    def restore_remote(self, state: OrderState, known: OrderLocation) -> None:
        """Restore an order with its stored state; no report. Lower arrival numbers come first."""
        self._book.refuse_known((state.order,))
        # One that works and is not there has been held here from the start.
        may_be_there = known.at_venue or state.status not in _WORKING
        native = may_be_there and not waits_here(state.order, state.order.contingency, self._venue)
        order = self._make(state, native=native or known.native_group, linked=known.native_group)
        if not order.working.sequence:
            order.working.sequence = self._custody.book.next_sequence()
        self._custody.book.sequence = max(self._custody.book.sequence, order.working.sequence)
        order.at_venue, order.acknowledged = known.at_venue, known.acknowledged
        order.venue_order_id, order.pending_cancel = known.venue_order_id, known.pending_cancel
        order.changes.extend(known.changes)
        order.executions |= known.executions
        if known.native_group:
            self._custody.book.orders[order.working.id] = order.working
            self._custody.book.note_exit(order.working)
        else:
            self._custody.book.register(order.working)
        if order.at_venue:
            self._custody.note_clipped(order)
            if order.timed_here:
                self._custody.book.queues.place_for_time(order.working)
        elif state.status is not OrderStatus.HELD and not order.working.triggered:
            self._custody.book.queues.place(order.working)

    def resume(self, at: int) -> list[ExecutionReport]:
        """Release the orders that were on their way to the venue at the last stop; call it after all are restored.

        Reduce-only orders with no position to reduce end, or are cancelled at the venue.
        """
        reports = self._book.resume(at)
        for order in list(self.remote_orders()):
            if order.working.is_open and order.working.triggered and not order.at_venue:
                self._custody.release(order)
        return reports + self._book.finish()

    # ------------------------------------------------------------------ commands

    def cancel(self, order_id: Hashable, at: int) -> list[ExecutionReport]:
        """Cancel an open order here, or ask the venue."""
        return self._book.cancel(order_id, at)

    def submit_group(self, orders: Sequence[Order], at: int) -> list[ExecutionReport]:
        """Take an order, a bracket (the entry first) or an OCO: orders that the venue supports go there."""
        first = orders[0]
        if len(orders) == 1 or not is_native_group(orders, first.contingency, self._venue):
            return self._book.submit_group(orders, at)
        self._book.begin(at)
        self._book.refuse_known(orders)
        for terms in orders:
            held = terms.contingency is Contingency.OUO
            status = OrderStatus.HELD if held else OrderStatus.PENDING_NEW
            order = self._make(OrderState(order=terms, status=status), native=True, linked=True)
            order.at_venue, order.working.sequence = True, self._custody.book.next_sequence()
            # Not among the groups: the venue links them.
            self._custody.book.orders[order.working.id] = order.working
            self._custody.book.note_exit(order.working)
            if held:
                self._custody.book.reports.append(Held(order_id=order.working.id, at=at, status=status))
        ids = tuple(self._custody.remote(self._custody.book.orders[terms.id]).order_id for terms in orders)
        self._custody.requests.append(Wanted(kind=RequestKind.SUBMIT, order_id=ids[0], group=ids))
        return self._book.finish()

    def replace(self, order_id: Hashable, changes: Changes, at: int) -> list[ExecutionReport]:
        """Change an order that is here, or ask the venue to change it."""
        order = self.remote_order(order_id)
        if order is None or not order.at_venue:
            return self._book.replace(order_id, changes, at)
        self._book.begin(at)
        if order.timed_here and replace(changes, expires_at=None) == Changes() and not order.changes:
            replacing.set_expiry(self._custody, order, changes.expires_at)
            replacing.report_replaced(self._custody, order)
        elif self._venue.replace:
            order.changes.append(changes)
            self._custody.requests.append(Wanted(kind=RequestKind.REPLACE, order_id=order.order_id))
        else:
            self._custody.refuse_change(order, *refusals.changes_no_orders())
        return self._book.finish()

    # ------------------------------------------------------------------ what the venue says

    def executed(self, order: RemoteOrder, execution: VenueExecution) -> list[ExecutionReport]:
        """Book a fill, once. It also proves that the venue has the order."""
        if execution.venue_execution_id in order.executions:
            return []
        self._book.begin(execution.at)
        self._custody.acknowledge(order, execution.venue_order_id)
        self._custody.begin_work(order)
        self._custody.fill_there(order, execution)
        if order.working.is_open and order.ended is not None and order.working.filled >= order.ended.filled_quantity:
            self._custody.over_there(order, order.ended)
        self._book.settle()
        return self._book.finish()

    def seen(self, order: RemoteOrder, seen: VenueOrder, asked_at: int | None = None) -> list[ExecutionReport]:
        """Apply the venue's state of the order. It ends only with all of its executions; until then it is unconfirmed.

        ``asked_at`` is when the venue was asked for it, on our clock; None for what it says unasked.
        """
        self._book.begin(seen.at)
        if not self._is_news(order, seen):
            return []
        is_first, order.seen_at = not order.seen_at, seen.at
        seen = split_units.as_executed(order, seen, may_differ=is_first and asked_at is not None)
        if seen.status is OrderStatus.REJECTED and not seen.filled_quantity and not order.working.filled:
            self._custody.reject_there(order, RejectReason.VENUE_REJECTED, seen.message or "The venue refused it.")
            return self._book.finish()
        self._custody.acknowledge(order, seen.venue_order_id)
        if seen.triggered and order.working.is_conditional and not order.working.triggered:
            self._trigger_there(order)
        if seen.is_open:
            replacing.take_terms(self._custody, order, replacing.Word(seen=seen, asked_at=asked_at))
            if order.linked and seen.status is not OrderStatus.HELD:
                self._custody.begin_work(order)
        elif order.working.filled < seen.filled_quantity:
            order.ended = seen
        else:
            self._custody.over_there(order, seen)
        if order.working.is_open and order.working.filled < seen.filled_quantity:
            self._custody.unconfirmed.append(order.order_id)
        self._book.settle()
        return self._book.finish()

    def acknowledged(
        self, order: RemoteOrder, kind: RequestKind, answer: Acknowledged, at: int
    ) -> list[ExecutionReport]:
        """The venue has accepted a request about the order. An accepted cancel does not end it yet."""
        self._book.begin(at)
        seen, venue_order_id = answer.order, answer.venue_order_id
        if kind is RequestKind.SUBMIT:
            self._custody.acknowledge(order, venue_order_id)
        elif kind is RequestKind.REPLACE and order.changes:
            order.venue_order_id = venue_order_id or order.venue_order_id
            if seen is not None and seen.at < order.seen_at:
                # It has said something newer since.
                seen = None
            if seen is not None:
                seen = split_units.as_executed(order, seen)
            if seen is None or seen.is_open:
                replacing.acknowledge_change(self._custody, order, seen, at)
        return self._book.finish()

    def declined(
        self, order: RemoteOrder, kind: RequestKind, reason: RejectReason, message: str, at: int
    ) -> list[ExecutionReport]:
        """The venue refuses a request. A cancel that the engine needs stays wanted: the order must be asked about."""
        self._book.begin(at)
        if kind is RequestKind.SUBMIT and not order.acknowledged:
            self._custody.reject_there(order, reason, message)
        elif kind is RequestKind.REPLACE and order.changes:
            replacing.refuse_change(self._custody, order, reason, message)
        elif kind is RequestKind.CANCEL:
            if order.pending_cancel is Cause.REQUESTED:
                order.pending_cancel = None
                self._custody.book.reports.append(CancelRejected(order_id=order.working.id, at=at, message=message))
                self._custody.settled.append(Settled(order_id=order.order_id, kind=kind))
            self._custody.unconfirmed.append(order.order_id)
        return self._book.finish()

    def unknown(self, order: RemoteOrder, at: int) -> list[ExecutionReport]:
        """The venue says, after the grace period, that it has no such order."""
        self._book.begin(at)
        if order.acknowledged or order.working.filled or order.pending_cancel is not None:
            # One that was called back never came there, and nobody wants it to any more.
            self._custody.over_there(order, None)
        else:
            self._custody.reject_there(order, *refusals.unknown_at_venue())
        self._book.settle()
        return self._book.finish()

    # ------------------------------------------------------------------ inside

    def _make(self, state: OrderState, *, native: bool, linked: bool = False) -> RemoteOrder:
        timed_here = is_timed_by_engine(state.order.time_in_force, self._venue)
        return self._custody.add(RemoteOrder(state, native=native, timed_here=timed_here, linked=linked))

    def _arrived(self, state: OrderState) -> WorkingOrder:
        """The working order of one that arrives by itself."""
        native = not waits_here(state.order, state.order.contingency, self._venue)
        return self._make(state, native=native).working

    def _is_news(self, order: RemoteOrder, seen: VenueOrder) -> bool:
        if not order.working.is_open:
            return False
        if seen.is_open:
            return seen.at >= order.seen_at
        # What replaced an order at the venue may be another one there; the end of the old one is none.
        return order.venue_order_id in (None, seen.venue_order_id)

    def _trigger_there(self, order: RemoteOrder) -> None:
        order.working.triggered = True
        price = order.working.stop if order.working.stop is not None else order.working.limit
        if price is not None:
            self._custody.book.reports.append(
                Triggered(
                    order_id=order.working.id, at=self._custody.book.now, status=order.working.status, price=price
                )
            )
