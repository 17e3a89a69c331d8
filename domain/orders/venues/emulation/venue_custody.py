"""The custody of orders that may be at a real venue: requests for those that are there, and the effects of its reports.

An effect that the book applies at once to an order that is here is requested from the venue when the order is there,
and applied when the venue confirms it. Orders that exclude each other are never at the venue at the same time.
"""

from collections.abc import Hashable
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from domain.kernel.ids import new_id
from domain.kernel.numbers import ZERO
from domain.orders.exchange.book.market import ExchangeMarket
from domain.orders.exchange.book.working import WorkingOrder
from domain.orders.exchange.execution_reports import (
    Expired,
    Filled,
    ReplaceRejected,
    RestateReason,
    Sliced,
)
from domain.orders.exchange.holdings import Holdings
from domain.orders.exchange.triggers.book_state import BookState
from domain.orders.exchange.types import CancelReason, OrderState
from domain.orders.model import refusals
from domain.orders.model.types import Contingency, OrderStatus, RejectReason, TimeInForce
from domain.orders.venues.emulation.slicing import Bounds, parts_of
from domain.orders.venues.remote_order import Cause, RemoteOrder, Settled, Wanted
from domain.orders.venues.types import Capabilities, RequestKind, VenueExecution, VenueOrder

_AT_ONCE = {
    TimeInForce.IOC: CancelReason.IMMEDIATE_OR_CANCEL,
    TimeInForce.FOK: CancelReason.FILL_OR_KILL,
}


def _is_beside(other: RemoteOrder, order: WorkingOrder) -> bool:
    beside = other.working
    return beside.side is order.side and beside.terms.account == order.terms.account and beside.id != order.id


class VenueCustody:
    """The orders of one instrument that are at a real venue, beside those that ``book`` holds for it.

    ``requests`` and ``settled`` collect the results of the last calls. ``unconfirmed`` are orders to ask the venue
    about: its reports do not fit the known state.
    """

    __slots__ = ("_clipped", "_remote", "book", "bounds", "requests", "settled", "unconfirmed", "venue")

    def __init__(self, venue: Capabilities) -> None:
        self.book = BookState(ExchangeMarket(), Holdings(), self)
        self.venue = venue
        self.bounds = Bounds()
        self.requests: list[Wanted] = []
        self.settled: list[Settled] = []
        self.unconfirmed: list[UUID] = []
        # By id, of every order in the book; those that have ended go when the results are drained.
        self._remote: dict[Hashable, RemoteOrder] = {}
        # Orders at the venue that must not close more than there is, which it does not see to itself.
        self._clipped: dict[Hashable, RemoteOrder] = {}

    # ------------------------------------------------------------------ its orders

    def add(self, order: RemoteOrder) -> RemoteOrder:
        """Take an order that arrives; the book registers its working order."""
        self._remote[order.working.id] = order
        return order

    def remote(self, order: WorkingOrder) -> RemoteOrder:
        """The location of a working order."""
        return self._remote[order.id]

    def find(self, order_id: Hashable) -> RemoteOrder | None:
        """An open order; None when it has ended or is unknown."""
        return self._remote[order_id] if order_id in self.book.orders else None

    def open_orders(self) -> list[RemoteOrder]:
        """All open orders."""
        return [self._remote[order_id] for order_id in self.book.orders]

    def forget_ended(self) -> None:
        """Keep open orders only."""
        for settled in self.settled:
            if settled.order_id not in self.book.orders:
                self._remote.pop(settled.order_id, None)

    # ------------------------------------------------------------------ going there

    def accept(self, order: WorkingOrder) -> None:
        """Accept the order: the engine holds it for the venue."""
        order.status = OrderStatus.NEW
        self._accepted(self.remote(order), by_engine=True)

    def acknowledge(self, order: RemoteOrder, venue_order_id: str | None) -> None:
        """Report that the venue has the order; once."""
        if venue_order_id is not None:
            order.venue_order_id = venue_order_id
        if order.acknowledged:
            return
        if not order.at_venue:
            # It is there, whatever was thought.
            order.at_venue = True
            self._wait_for_time(order)
        order.acknowledged = True
        if order.working.status is OrderStatus.PENDING_NEW:
            order.working.status = OrderStatus.NEW
        self._accepted(order, by_engine=False)
        self.settled.append(Settled(order_id=order.order_id, kind=RequestKind.SUBMIT))

    def begin_work(self, order: RemoteOrder) -> None:
        """An exit of a linked bracket works there from now on."""
        if order.working.status is OrderStatus.HELD:
            order.working.status = OrderStatus.NEW
            self._accepted(order, by_engine=False)

    def _resize_there(self, order: RemoteOrder) -> None:
        """The venue had the order for as much as is filled of it."""
        order.working.quantity = order.working.filled
        self.book.report_restated(order.working, RestateReason.VENUE)

    def refuse_change(self, order: RemoteOrder, reason: RejectReason, message: str) -> None:
        """Say that a change is not made; an order that is filled ends with it."""
        self.book.reports.append(
            ReplaceRejected(
                order_id=order.working.id,
                at=self.book.now,
                reason=reason,
                message=message,
                is_filled=order.working.status is OrderStatus.FILLED,
            )
        )

    def _accepted(self, order: RemoteOrder, *, by_engine: bool) -> None:
        self.book.report_accepted(order.working, by_engine=by_engine, venue_order_id=order.venue_order_id)

    def release(self, order: RemoteOrder) -> None:
        """Let an order go to the venue, after orders there that it excludes are cancelled."""
        there = [self.remote(other) for other in self._excluded_by(order) if self.remote(other).at_venue]
        if there:
            order.waiting = True
            self._wait_for_time(order)
            for other in there:
                self.ask_cancel(other, Cause.GROUP)
            return
        entry = self.book.groups.entry(order.working) if order.working.terms.contingency is Contingency.OUO else None
        if entry is not None:
            # The way out is taken: what would still get in would have none.
            self.cancel_alone(entry, CancelReason.GROUP)
        self.hand_over(order)

    def hand_over(self, order: RemoteOrder) -> None:
        """Ask the venue to take the order, in parts where it is larger than the venue takes."""
        if self.bounds.largest is not None and order.working.remaining > self.bounds.largest:
            self._slice(order, order.working.remaining, self.bounds.largest)
        self._hand_over(order)

    def _slice(self, order: RemoteOrder, quantity: Decimal, largest: Decimal) -> None:
        """Let the order keep one part, and new orders of its terms go to the venue with the others."""
        first, *others = parts_of(quantity, largest, self.bounds.smallest)
        order.working.quantity = order.working.filled + first
        ids = [new_id() for _ in others]
        parts = tuple(zip(ids, others, strict=True))
        self.book.reports.append(
            Sliced(
                order_id=order.working.id,
                at=self.book.now,
                status=order.working.status,
                quantity=order.working.quantity,
                parts=parts,
            )
        )
        for part_id, part in parts:
            terms = replace(
                order.working.state().order, id=part_id, quantity=part, contingency=Contingency.NONE, group=None
            )
            state = OrderState(order=terms, status=OrderStatus.PENDING_NEW, triggered=order.working.triggered)
            child = self.add(RemoteOrder(state, native=order.native, timed_here=order.timed_here))
            child.working.sequence = self.book.next_sequence()
            self.book.register(child.working)
            self._hand_over(child)

    def _hand_over(self, order: RemoteOrder) -> None:
        order.at_venue, order.waiting = True, False
        self._wait_for_time(order)
        self.note_clipped(order)
        self.requests.append(Wanted(kind=RequestKind.SUBMIT, order_id=order.order_id))

    def is_covered(self, order: WorkingOrder) -> bool:
        """True if exits at the venue close so much that one more could open an opposite position.

        Such an exit waits here for its price, where it is cut to the remaining position.
        """
        if self.venue.reduce_only:
            return False
        there = sum((other.working.remaining for other in self._clipped.values() if _is_beside(other, order)), ZERO)
        return there > ZERO and there + order.remaining > self.book.reducible(order)

    def note_clipped(self, order: RemoteOrder) -> None:
        """Note an order at the venue that only the engine keeps from closing too much."""
        if order.working.closes and not self.venue.reduce_only:
            self._clipped[order.working.id] = order

    def _wait_for_time(self, order: RemoteOrder) -> None:
        self.book.queues.remove(order.working)
        if order.timed_here:
            self.book.queues.place_for_time(order.working)

    def _excluded_by(self, order: RemoteOrder) -> list[WorkingOrder]:
        if order.working.terms.contingency is Contingency.OCO:
            return self.book.groups.others(order.working)
        return self.book.groups.exits(order.working) if order.working.terms.contingency is Contingency.OUO else []

    # ------------------------------------------------------------------ executions

    def fill_there(self, order: RemoteOrder, execution: VenueExecution) -> None:
        """Book an execution of the venue, with its effects on other orders.

        An overfill is booked too: the venue has the order for a larger quantity than is known here, so the order works
        until the venue says that it has ended. So does an order that a pending change may make larger.

        At the paper exchange an exit shrinks to the remaining quantity of the other; here each shrinks by the quantity
        that the other has closed, because the entry may have filled further while the other was at the venue.
        """
        order.executions.add(execution.venue_execution_id)
        order.working.filled += execution.quantity
        order.working.fills += 1
        if order.working.filled > order.working.quantity:
            order.is_exceeded = True
            self._resize_there(order)
            self.unconfirmed.append(order.order_id)
        done = order.working.filled == order.working.quantity and not self.may_grow(order)
        order.working.status = OrderStatus.FILLED if done else OrderStatus.PARTIALLY_FILLED
        self.book.holdings.fill(
            order.working.terms.account, order.working.side, execution.quantity, closes=order.working.closes
        )
        self.book.reports.append(
            Filled(
                order_id=order.working.id,
                at=execution.at,
                status=order.working.status,
                price=execution.price,
                quantity=execution.quantity,
                liquidity=execution.liquidity,
                number=order.working.fills,
                filled_quantity=order.working.filled,
                remaining=max(order.working.remaining, ZERO),
                last_in_event=True,
                execution_id=execution.venue_execution_id,
                fee=execution.fee,
                fee_currency=execution.fee_currency,
            )
        )
        if done:
            self.book.end(order.working, OrderStatus.FILLED)
        self._carry_fill(order, execution.quantity)
        self.book.end_exits(order.working.terms.account)
        self.clip(order.working.terms.account)

    def may_grow(self, order: RemoteOrder) -> bool:
        """True if the venue may have the order for more than is filled: by a change, or as fills have shown."""
        asked = (change.quantity for change in order.changes)
        return order.is_exceeded or any(quantity is not None and quantity > order.working.filled for quantity in asked)

    def _carry_fill(self, order: RemoteOrder, quantity: Decimal) -> None:
        contingency = order.working.terms.contingency
        if contingency is Contingency.OTO:
            self.book.feed_exits(order.working, quantity)
        elif contingency is Contingency.OCO:
            self.book.cancel_others(order.working)
        elif contingency is Contingency.OUO:
            for other in self.book.groups.exits(order.working):
                if other.remaining <= quantity:
                    self.cancel_alone(other, CancelReason.GROUP)
                else:
                    self.restate(other, RestateReason.EXIT_FILLED, quantity=other.quantity - quantity)
            entry = self.book.groups.entry(order.working)
            if order.working.status is OrderStatus.FILLED and entry is not None:
                self.cancel_alone(entry, CancelReason.GROUP)

    def clip(self, account: Hashable) -> None:
        """Cancel exits at the venue that would now close more than the position."""
        for order in list(self._clipped.values()):
            working = order.working
            if working.terms.account == account and working.remaining > self.book.reducible(working):
                self.ask_cancel(order, Cause.REDUCE_ONLY)

    def restate(
        self,
        order: WorkingOrder,
        reason: RestateReason,
        *,
        quantity: Decimal | None = None,
        limit: Decimal | None = None,
    ) -> None:
        """Change an order that is here; one at the venue keeps the terms it was sent with."""
        if not self.remote(order).at_venue:
            self.book.restate_here(order, reason, quantity=quantity, limit=limit)

    # ------------------------------------------------------------------ endings

    def ask_cancel(self, order: RemoteOrder, cause: Cause) -> None:
        """Ask the venue to cancel, once; a person's request replaces the engine's own reason."""
        if order.pending_cancel is None:
            self.requests.append(Wanted(kind=RequestKind.CANCEL, order_id=order.order_id, cause=cause))
        if order.pending_cancel is None or cause is Cause.REQUESTED:
            order.pending_cancel = cause

    def exits_ended(self, account: Hashable) -> None:
        """Cancel exits without a position that are on their way to the venue, or not acknowledged, as well."""
        for order in list(self.book.exits.get(account, {}).values()):
            unseen = order.status is OrderStatus.PENDING_NEW and self.remote(order).at_venue
            if unseen and self.book.reducible(order) <= ZERO:
                self.ask_cancel(self.remote(order), Cause.REDUCE_ONLY)

    def cancel(self, order: WorkingOrder, reason: CancelReason) -> None:
        """Cancel here, or ask the venue."""
        if self.remote(order).at_venue:
            self.ask_cancel(self.remote(order), Cause(reason.value))
        else:
            self.book.cancel_here(order, reason)

    def expire(self, order: WorkingOrder) -> None:
        """Expire an order here, or have it cancelled at the venue."""
        if self.remote(order).at_venue:
            self.ask_cancel(self.remote(order), Cause.EXPIRED)
        else:
            self.book.expire_here(order)

    def cancel_alone(self, order: WorkingOrder, reason: CancelReason) -> None:
        """Cancel here, or ask the venue, without effects on the group."""
        if self.remote(order).at_venue:
            self.ask_cancel(self.remote(order), Cause(reason.value))
        else:
            self.book.cancel_alone_here(order, reason)

    def reject_alone(self, order: WorkingOrder, reason: RejectReason, message: str) -> None:
        """Reject here; one that is rejected with its group has to be cancelled at the venue."""
        if reason is RejectReason.GROUP_REJECTED and self.remote(order).at_venue:
            # Only the venue knows whether it is too late.
            self.ask_cancel(self.remote(order), Cause.GROUP)
        else:
            self.book.reject_here(order, reason, message)

    def over_there(self, order: RemoteOrder, seen: VenueOrder | None) -> None:
        """The order ended at the venue, or is unknown there; its group reacts as if it ended here."""
        if seen is not None and seen.status is OrderStatus.FILLED and order.working.filled:
            self._complete_there(order)
            return
        by_clock = order.pending_cancel is Cause.EXPIRED or (
            order.pending_cancel is None and seen is not None and seen.status is OrderStatus.EXPIRED
        )
        if by_clock:
            self.book.end(order.working, OrderStatus.EXPIRED)
            self.book.reports.append(Expired(order_id=order.working.id, at=self.book.now, status=order.working.status))
            self.book.carry_end(order.working, None)
        else:
            reason = self._reason(order)
            self.book.cancel_alone_here(order.working, reason)
            # What was called back for the group's sake must not turn on the order that goes on.
            if reason is not CancelReason.GROUP:
                self.book.carry_end(order.working, reason)
        self._let_go_on(order)

    def _complete_there(self, order: RemoteOrder) -> None:
        """End an order whose whole quantity at the venue, which was smaller than ours, is filled."""
        is_refused = bool(order.changes) and order.working.quantity == order.working.filled
        self.book.end(order.working, OrderStatus.FILLED)
        if is_refused:
            self.refuse_change(order, *refusals.filled_before_change())
        else:
            self._resize_there(order)
        if order.working.terms.contingency in (Contingency.OCO, Contingency.OUO):
            self.book.cancel_others(order.working)

    def reject_there(self, order: RemoteOrder, reason: RejectReason, message: str) -> None:
        """The venue rejected the order."""
        self.book.reject(order.working, reason, message)
        self._let_go_on(order)

    def _let_go_on(self, order: RemoteOrder) -> None:
        for other in self._excluded_by(order):
            if self.remote(other).waiting and other.is_open:
                self.release(self.remote(other))

    def _reason(self, order: RemoteOrder) -> CancelReason:
        if order.pending_cancel is not None:
            return CancelReason(order.pending_cancel.value)
        return _AT_ONCE.get(order.working.terms.time_in_force, CancelReason.VENUE)

    def ended(self, order: WorkingOrder) -> None:
        """Settle all requests about an ended order."""
        self._clipped.pop(order.id, None)
        self.settled.append(Settled(order_id=self.remote(order).order_id))
