"""The emulation book of one instrument at a real venue, pure: orders held by the engine, and the state of the others.

It is the paper exchange without matching. Orders that the venue supports go there; others wait here for their price,
their time or their group, as they would at the paper exchange, and go there as plain orders. Reports of the venue are
applied in any order and any number of times, and have the same effects on groups. Each call returns the reports for the
books; ``drain`` gives the requests to the venue.

Nothing here has to be stored: ``restore_remote`` re-creates an order from the database and the open requests.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID

from domain.orders.exchange.book.market import Market
from domain.orders.exchange.exchange import Exchange
from domain.orders.exchange.execution_reports import (
    CancelRejected,
    ExecutionReport,
    Held,
    Triggered,
)
from domain.orders.exchange.holdings import Holdings
from domain.orders.exchange.trailing import TickGrid
from domain.orders.exchange.types import Changes, Order, OrderState
from domain.orders.model.types import Contingency, OrderStatus, RejectReason
from domain.orders.venues.emulation import replacing, split_units
from domain.orders.venues.emulation.emulation_state import EmulationState
from domain.orders.venues.emulation.remote_matching import RemoteMatching
from domain.orders.venues.remote_order import Cause, RemoteOrder, Settled, Wanted, remote
from domain.orders.venues.support import is_native_group, is_timed_by_engine, waits_here
from domain.orders.venues.types import Acknowledged, Capabilities, RequestKind, VenueExecution, VenueOrder

_WORKING = (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED)
UNKNOWN_THERE = "The venue does not know the order."


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


class EmulationBook(Exchange):
    """The book of one instrument at a real venue with the capabilities ``venue``."""

    __slots__ = ("_remote", "_venue")

    def __init__(self, tick_size: Decimal, venue: Capabilities) -> None:
        self._venue = venue
        self._state = self._remote = EmulationState(Market(), Holdings(), venue)
        self._matching = RemoteMatching(self._remote, TickGrid.of(tick_size))

    # ------------------------------------------------------------------ state

    def drain(self) -> Drained:
        """New requests since the last call, and answered ones."""
        state = self._remote
        drained = Drained(requests=state.requests, settled=state.settled, unconfirmed=state.unconfirmed)
        state.requests, state.settled, state.unconfirmed = [], [], []
        return drained

    def remote_order(self, order_id: Hashable) -> RemoteOrder | None:
        """An open order; None when it has ended or is unknown."""
        order = self._state.orders.get(order_id)
        return None if order is None else remote(order)

    def remote_orders(self) -> Iterable[RemoteOrder]:
        """All open orders."""
        return (remote(order) for order in self._state.orders.values())

    def restore_remote(self, state: OrderState, known: OrderLocation) -> None:
        """Restore an order with its stored state; no report. Lower arrival numbers come first."""
        self._refuse_known((state.order,))
        # One that works and is not there has been held here from the start.
        may_be_there = known.at_venue or state.status not in _WORKING
        native = may_be_there and not waits_here(state.order, state.order.contingency, self._venue)
        order = self._make(state, native=native or known.native_group, linked=known.native_group)
        if not order.sequence:
            order.sequence = self._state.next_sequence()
        self._state.sequence = max(self._state.sequence, order.sequence)
        order.at_venue, order.acknowledged = known.at_venue, known.acknowledged
        order.venue_order_id, order.pending_cancel = known.venue_order_id, known.pending_cancel
        order.changes.extend(known.changes)
        order.executions |= known.executions
        if known.native_group:
            self._state.orders[order.id] = order
            self._state.note_exit(order)
        else:
            self._state.register(order)
        if order.at_venue:
            self._remote.note_clipped(order)
            if order.timed_here:
                self._state.queues.place_for_time(order)
        elif state.status is not OrderStatus.HELD and not order.triggered:
            self._state.queues.place(order)

    def resume(self, at: int) -> list[ExecutionReport]:
        """Release the orders that were on their way to the venue at the last stop; call it after all are restored.

        Reduce-only orders with no position to reduce end, or are cancelled at the venue.
        """
        reports = super().resume(at)
        for order in list(self.remote_orders()):
            if order.is_open and order.triggered and not order.at_venue:
                self._remote.release(order)
        return reports + self._finish()

    # ------------------------------------------------------------------ commands

    def submit_group(self, orders: Sequence[Order], at: int) -> list[ExecutionReport]:
        """Take an order, a bracket (the entry first) or an OCO: orders that the venue supports go there."""
        first = orders[0]
        if len(orders) == 1 or not is_native_group(orders, first.contingency, self._venue):
            return super().submit_group(orders, at)
        self._begin(at)
        self._refuse_known(orders)
        for terms in orders:
            held = terms.contingency is Contingency.OUO
            status = OrderStatus.HELD if held else OrderStatus.PENDING_NEW
            order = self._make(OrderState(order=terms, status=status), native=True, linked=True)
            order.at_venue, order.sequence = True, self._state.next_sequence()
            # Not among the groups: the venue links them.
            self._state.orders[order.id] = order
            self._state.note_exit(order)
            if held:
                self._state.reports.append(Held(order_id=order.id, at=at, status=status))
        ids = tuple(remote(self._state.orders[terms.id]).order_id for terms in orders)
        self._remote.requests.append(Wanted(kind=RequestKind.SUBMIT, order_id=ids[0], group=ids))
        return self._finish()

    def replace(self, order_id: Hashable, changes: Changes, at: int) -> list[ExecutionReport]:
        """Change an order that is here, or ask the venue to change it."""
        order = self.remote_order(order_id)
        if order is None or not order.at_venue:
            return super().replace(order_id, changes, at)
        self._begin(at)
        if order.timed_here and replace(changes, expires_at=None) == Changes() and not order.changes:
            replacing.set_expiry(self._remote, order, changes.expires_at)
            replacing.report_replaced(self._remote, order)
        elif self._venue.replace:
            order.changes.append(changes)
            self._remote.requests.append(Wanted(kind=RequestKind.REPLACE, order_id=order.order_id))
        else:
            message = "the venue does not change orders"
            self._remote.refuse_change(order, RejectReason.UNSUPPORTED_BY_VENUE, message)
        return self._finish()

    # ------------------------------------------------------------------ what the venue says

    def executed(self, order: RemoteOrder, execution: VenueExecution) -> list[ExecutionReport]:
        """Book a fill, once. It also proves that the venue has the order."""
        if execution.venue_execution_id in order.executions:
            return []
        self._begin(execution.at)
        self._remote.acknowledge(order, execution.venue_order_id)
        self._remote.begin_work(order)
        self._remote.fill_there(order, execution)
        if order.is_open and order.ended is not None and order.filled >= order.ended.filled_quantity:
            self._remote.over_there(order, order.ended)
        self._settle()
        return self._finish()

    def seen(self, order: RemoteOrder, seen: VenueOrder, asked_at: int | None = None) -> list[ExecutionReport]:
        """Apply the venue's state of the order. It ends only with all of its executions; until then it is unconfirmed.

        ``asked_at`` is when the venue was asked for it, on our clock; None for what it says unasked.
        """
        self._begin(seen.at)
        if not self._is_news(order, seen):
            return []
        is_first, order.seen_at = not order.seen_at, seen.at
        seen = split_units.as_executed(order, seen, may_differ=is_first and asked_at is not None)
        if seen.status is OrderStatus.REJECTED and not seen.filled_quantity and not order.filled:
            self._remote.reject_there(order, RejectReason.VENUE_REJECTED, seen.message or "The venue refused it.")
            return self._finish()
        self._remote.acknowledge(order, seen.venue_order_id)
        if seen.triggered and order.is_conditional and not order.triggered:
            self._trigger_there(order)
        if seen.is_open:
            replacing.take_terms(self._remote, order, replacing.Word(seen=seen, asked_at=asked_at))
            if order.linked and seen.status is not OrderStatus.HELD:
                self._remote.begin_work(order)
        elif order.filled < seen.filled_quantity:
            order.ended = seen
        else:
            self._remote.over_there(order, seen)
        if order.is_open and order.filled < seen.filled_quantity:
            self._remote.unconfirmed.append(order.order_id)
        self._settle()
        return self._finish()

    def acknowledged(
        self, order: RemoteOrder, kind: RequestKind, answer: Acknowledged, at: int
    ) -> list[ExecutionReport]:
        """The venue has accepted a request about the order. An accepted cancel does not end it yet."""
        self._begin(at)
        seen, venue_order_id = answer.order, answer.venue_order_id
        if kind is RequestKind.SUBMIT:
            self._remote.acknowledge(order, venue_order_id)
        elif kind is RequestKind.REPLACE and order.changes:
            order.venue_order_id = venue_order_id or order.venue_order_id
            if seen is not None and seen.at < order.seen_at:
                # It has said something newer since.
                seen = None
            if seen is not None:
                seen = split_units.as_executed(order, seen)
            if seen is None or seen.is_open:
                replacing.acknowledge_change(self._remote, order, seen, at)
        return self._finish()

    def declined(
        self, order: RemoteOrder, kind: RequestKind, reason: RejectReason, message: str, at: int
    ) -> list[ExecutionReport]:
        """The venue refuses a request. A cancel that the engine needs stays wanted: the order must be asked about."""
        self._begin(at)
        if kind is RequestKind.SUBMIT and not order.acknowledged:
            self._remote.reject_there(order, reason, message)
        elif kind is RequestKind.REPLACE and order.changes:
            replacing.refuse_change(self._remote, order, reason, message)
        elif kind is RequestKind.CANCEL:
            if order.pending_cancel is Cause.REQUESTED:
                order.pending_cancel = None
                self._state.reports.append(CancelRejected(order_id=order.id, at=at, message=message))
                self._remote.settled.append(Settled(order_id=order.order_id, kind=kind))
            self._remote.unconfirmed.append(order.order_id)
        return self._finish()

    def unknown(self, order: RemoteOrder, at: int) -> list[ExecutionReport]:
        """The venue says, after the grace period, that it has no such order."""
        self._begin(at)
        if order.acknowledged or order.filled or order.pending_cancel is not None:
            # One that was called back never came there, and nobody wants it to any more.
            self._remote.over_there(order, None)
        else:
            self._remote.reject_there(order, RejectReason.VENUE_REJECTED, UNKNOWN_THERE)
        self._settle()
        return self._finish()

    # ------------------------------------------------------------------ inside

    def _make(self, state: OrderState, *, native: bool, linked: bool = False) -> RemoteOrder:
        timed_here = is_timed_by_engine(state.order.time_in_force, self._venue)
        return RemoteOrder(state, native=native, timed_here=timed_here, linked=linked)

    def _register(self, order: Order) -> RemoteOrder:
        held = order.contingency is Contingency.OUO
        status = OrderStatus.HELD if held else OrderStatus.PENDING_NEW
        native = not waits_here(order, order.contingency, self._venue)
        made = self._make(OrderState(order=order, status=status), native=native)
        self._state.register(made)
        if held:
            self._state.reports.append(Held(order_id=order.id, at=self._state.now, status=status))
        return made

    def _is_news(self, order: RemoteOrder, seen: VenueOrder) -> bool:
        if not order.is_open:
            return False
        if seen.is_open:
            return seen.at >= order.seen_at
        # What replaced an order at the venue may be another one there; the end of the old one is none.
        return order.venue_order_id in (None, seen.venue_order_id)

    def _trigger_there(self, order: RemoteOrder) -> None:
        order.triggered = True
        price = order.stop if order.stop is not None else order.limit
        if price is not None:
            self._state.reports.append(
                Triggered(order_id=order.id, at=self._state.now, status=order.status, price=price)
            )
