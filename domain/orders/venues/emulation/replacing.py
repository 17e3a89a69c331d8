"""Terms of orders as the venue states them, applied to the engine's books. Pure.

The venue's terms rule. A requested change takes effect as the venue reports it, and terms that it states unasked
(FIX ExecType Restated) become the order's. Where the venue has acknowledged a change without its result, the requested
terms apply until it says otherwise. A report that repeats the terms before such a change may be older than the change:
it is not believed, and the venue is asked.
"""

from dataclasses import dataclass
from decimal import Decimal

from domain.orders.exchange.execution_reports import Replaced, RestateReason, TrailMoved
from domain.orders.exchange.types import Changes
from domain.orders.model.types import Contingency, OrderStatus, OrderType, RejectReason
from domain.orders.venues.emulation.venue_custody import VenueCustody
from domain.orders.venues.remote_order import RemoteOrder, Settled, ShownTerms
from domain.orders.venues.types import RequestKind, VenueOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """An order as the venue shows it; ``asked_at`` is when it was asked for, on our clock, None where it was not."""

    seen: VenueOrder
    asked_at: int | None = None


def take_terms(custody: VenueCustody, order: RemoteOrder, word: Word) -> None:
    """Take the terms of an order that works from the venue's word on it."""
    seen = word.seen
    if seen.filled_quantity >= order.working.filled:
        order.is_exceeded = False
    if order.changes and (order.change_taken or _has_become(seen, order.changes[0])):
        make_change(custody, order, seen)
        return
    if shows(order, seen, order.shown_terms):
        order.earlier_terms = ()
        return
    is_old = any(shows(order, seen, terms) for terms in order.earlier_terms)
    if is_old and (word.asked_at is None or word.asked_at < order.replaced_at):
        custody.unconfirmed.append(order.order_id)
        return
    order.earlier_terms = ()
    order.is_restated = bool(order.changes)
    if seen.quantity is not None and seen.quantity < order.working.filled and word.asked_at is None:
        custody.unconfirmed.append(order.order_id)
    restate(custody, order, seen)


def restate(custody: VenueCustody, order: RemoteOrder, seen: VenueOrder) -> None:
    """Show the order with the terms that the venue states."""
    before = order.shown_terms
    terms = _stated(order, seen, before)
    if terms == before:
        return
    trailed = order.working.is_trailing and terms.quantity == before.quantity
    _set_terms(order, terms)
    # The rest was filled by executions that have overtaken this word.
    done = (
        order.working.filled == seen.quantity
        and seen.filled_quantity < order.working.filled
        and not custody.may_grow(order)
    )
    if done:
        order.working.status = OrderStatus.FILLED
    if trailed and order.working.stop is not None:
        custody.book.reports.append(
            TrailMoved(
                order_id=order.working.id,
                at=custody.book.now,
                status=order.working.status,
                stop_price=order.working.stop,
                limit_price=order.working.limit,
            )
        )
        return
    custody.book.report_restated(order.working, _reason(order, before), seen.message)
    if terms.quantity != before.quantity:
        _carry_quantity(custody, order)
        custody.clip(order.working.terms.account)
    if done:
        custody.book.complete(order.working)


def acknowledge_change(custody: VenueCustody, order: RemoteOrder, seen: VenueOrder | None, wall: int) -> None:
    """The venue has made the oldest change; ``seen`` is what it says of the order then.

    Without that, and with more filled than was asked for, nobody knows for how much the order works: it is asked.
    """
    asked = order.changes[0].quantity
    if seen is None and not order.is_restated and asked is not None and asked < order.working.filled:
        order.change_taken = True
        custody.unconfirmed.append(order.order_id)
        return
    if seen is None and order.is_restated:
        custody.unconfirmed.append(order.order_id)
    before = order.shown_terms
    told = order.is_restated
    make_change(custody, order, seen)
    if seen is None and not told and order.working.is_open:
        order.earlier_terms = (*order.earlier_terms, before)
        order.replaced_at = wall


def make_change(custody: VenueCustody, order: RemoteOrder, seen: VenueOrder | None) -> None:
    """The oldest change that was asked for is made, as far as the venue says in ``seen``, or has said since."""
    changes, told = order.changes.popleft(), order.is_restated
    order.change_taken = order.is_restated = False
    asked = order.shown_terms if told and seen is None else _asked(order, changes)
    terms = asked if seen is None else _stated(order, seen, asked)
    resized = terms.quantity != order.working.quantity
    _set_terms(order, terms)
    if changes.trailing_offset is not None:
        order.working.trailing_offset = changes.trailing_offset
    if changes.expires_at is not None:
        set_expiry(custody, order, changes.expires_at)
    # Where the venue says that the order works on with all that is filled, it does, whatever is left of it.
    works = told if seen is None else seen.is_open and seen.filled_quantity >= order.working.filled
    done = order.working.filled >= order.working.quantity and not works and not custody.may_grow(order)
    if done:
        order.working.status = OrderStatus.FILLED
    report_replaced(custody, order)
    custody.settled.append(Settled(order_id=order.order_id, kind=RequestKind.REPLACE))
    if resized:
        _carry_quantity(custody, order)
    if done:
        custody.book.complete(order.working)


def refuse_change(custody: VenueCustody, order: RemoteOrder, reason: RejectReason, message: str) -> None:
    """The venue does not make the oldest change. An order that only waited for it is done."""
    order.changes.popleft()
    order.change_taken = order.is_restated = False
    done = order.working.filled >= order.working.quantity and not custody.may_grow(order)
    if done:
        order.working.status = OrderStatus.FILLED
    custody.refuse_change(order, reason, message)
    custody.settled.append(Settled(order_id=order.order_id, kind=RequestKind.REPLACE))
    if done:
        custody.book.complete(order.working)


def set_expiry(custody: VenueCustody, order: RemoteOrder, expires_at: int | None) -> None:
    """Let the order work until another time."""
    order.working.expires_at = expires_at
    if order.timed_here:
        custody.book.queues.remove(order.working)
        custody.book.queues.place_for_time(order.working)


def report_replaced(custody: VenueCustody, order: RemoteOrder) -> None:
    """Say that a change that was asked for took effect."""
    custody.book.reports.append(
        Replaced(
            order_id=order.working.id,
            at=custody.book.now,
            status=order.working.status,
            sequence=order.working.sequence,
            quantity=order.working.quantity,
            limit_price=order.working.limit,
            stop_price=order.working.stop,
            trailing_offset=order.working.trailing_offset,
            expires_at=order.working.expires_at,
            venue_order_id=order.venue_order_id,
        )
    )


def shows(order: RemoteOrder, seen: VenueOrder, terms: ShownTerms) -> bool:
    """True if the venue shows these terms, as far as it gives them."""
    return _stated(order, seen, terms) == terms


def _stated(order: RemoteOrder, seen: VenueOrder, otherwise: ShownTerms) -> ShownTerms:
    """The venue's terms; a term that it does not state, or that the order does not have there, is as ``otherwise``."""
    quantity = otherwise.quantity if seen.quantity is None else max(seen.quantity, order.working.filled)
    limit, stop = otherwise.limit, otherwise.stop
    may_have_limit = limit is not None or order.working.terms.type is OrderType.MARKET_TO_LIMIT
    if seen.limit_price is not None and may_have_limit:
        limit = seen.limit_price
    waits_there = order.native and order.working.is_conditional and not order.working.triggered
    if seen.stop_price is not None and waits_there and (stop is not None or order.working.is_trailing):
        stop = seen.stop_price
    return ShownTerms(quantity, limit, stop)


def _asked(order: RemoteOrder, changes: Changes) -> ShownTerms:
    def changed(wanted: Decimal | None, present: Decimal | None) -> Decimal | None:
        return present if wanted is None else wanted

    return ShownTerms(
        order.working.quantity if changes.quantity is None else changes.quantity,
        changed(changes.limit_price, order.working.limit),
        changed(changes.stop_price, order.working.stop),
    )


def _set_terms(order: RemoteOrder, terms: ShownTerms) -> None:
    order.working.quantity, order.working.limit, order.working.stop = terms.quantity, terms.limit, terms.stop


def _reason(order: RemoteOrder, before: ShownTerms) -> RestateReason:
    """The reason of the venue's change, as far as it is known."""
    if order.working.terms.type is OrderType.MARKET_TO_LIMIT and before.limit is None:
        return RestateReason.MARKET_TO_LIMIT
    if (
        order.linked
        and order.working.terms.contingency is Contingency.OUO
        and order.working.quantity != before.quantity
    ):
        return RestateReason.ENTRY_FILLED if order.working.quantity > before.quantity else RestateReason.EXIT_FILLED
    return RestateReason.VENUE


def _carry_quantity(custody: VenueCustody, order: RemoteOrder) -> None:
    """Exits that wait here for their entry are for all of it."""
    if order.working.terms.contingency is not Contingency.OTO:
        return
    for child in custody.book.groups.exits(order.working):
        if child.status is OrderStatus.HELD:
            custody.book.restate(child, RestateReason.ENTRY_REPLACED, quantity=order.working.quantity)


def _has_become(seen: VenueOrder, changes: Changes) -> bool:
    """True if the venue shows all requested terms."""
    pairs = (
        (changes.quantity, seen.quantity),
        (changes.limit_price, seen.limit_price),
        (changes.stop_price, seen.stop_price),
    )
    asked = [(wanted, shown) for wanted, shown in pairs if wanted is not None]
    return bool(asked) and all(wanted == shown for wanted, shown in asked)
