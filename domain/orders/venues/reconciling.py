"""Reconciliation of a venue's books with ours, pure: reports to book, orders to ask about, differences to report.

The venue's state of our orders is applied like any report: missing fills are booked, missed ends are caught up. An
order that works here and is not listed there is asked about, because a list does not say what happened to it. An order
that is there and not ours is reported, never adopted and never cancelled; so is a differing position. A question
without an answer (None) is not compared.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from domain.kernel.numbers import ZERO, plain
from domain.orders.venues.types import VenueExecution, VenueOrder, VenuePosition, VenueReport, order_id_of
from domain.positions.types import Bucket

PositionAt = tuple[str, Bucket]
Quantities = tuple[Decimal, Decimal]


class DifferenceKind(StrEnum):
    """The kind of a difference."""

    # The venue has an order that was not placed here.
    FOREIGN_ORDER = "FOREIGN_ORDER"
    # An order of ours works there, that is over here.
    ORDER_OVER_HERE = "ORDER_OVER_HERE"
    # The venue has a fill of an order that was not placed here.
    FOREIGN_EXECUTION = "FOREIGN_EXECUTION"
    POSITION = "POSITION"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference: its subject, and the value on each side."""

    kind: DifferenceKind
    subject: str
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Theirs:
    """The venue's answers, each None where it could not be asked."""

    open_orders: Sequence[VenueOrder] | None
    executions: Sequence[VenueExecution] | None
    positions: Sequence[VenuePosition] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """Our books. ``there`` are open orders that the venue had before it was asked, with no request in flight.

    ``known`` tells of every order of ours that the venue named whether it is open here. ``positions`` are sums over the
    accounts of the venue; ``suspected`` those that differed the last time.
    """

    there: Collection[UUID]
    known: Mapping[UUID, bool]
    positions: Mapping[PositionAt, Decimal]
    suspected: Mapping[PositionAt, Quantities] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """The result: ``reports`` to apply (fills first), orders to ``ask`` about, ``differences`` to report.

    ``compared`` are the kinds that could be compared. ``suspects`` are positions that differ for the first time: fills
    may be on their way, so they are reported only if they differ in the same way the next time.
    """

    reports: Sequence[VenueReport]
    ask: Sequence[UUID]
    differences: Sequence[Difference]
    compared: Sequence[DifferenceKind]
    suspects: Mapping[PositionAt, Quantities]


def compare(ours: Ours, theirs: Theirs) -> Findings:
    """Compare both books."""
    reports: list[VenueReport] = []
    differences: list[Difference] = []
    compared: list[DifferenceKind] = []
    ask: list[UUID] = []
    suspects: dict[PositionAt, Quantities] = {}
    if theirs.executions is not None:
        compared.append(DifferenceKind.FOREIGN_EXECUTION)
        for execution in theirs.executions:
            if order_id_of(execution.client_order_id) in ours.known:
                reports.append(execution)
            else:
                differences.append(_foreign_execution(execution))
    if theirs.open_orders is not None:
        compared += [DifferenceKind.FOREIGN_ORDER, DifferenceKind.ORDER_OVER_HERE]
        for order in theirs.open_orders:
            order_id = order_id_of(order.client_order_id)
            is_open = ours.known.get(order_id) if order_id is not None else None
            if is_open:
                reports.append(order)
            else:
                differences.append(_strange_order(order, over_here=is_open is not None))
        listed = {order_id_of(order.client_order_id) for order in theirs.open_orders}
        ask = [order_id for order_id in ours.there if order_id not in listed]
    if theirs.positions is not None:
        compared.append(DifferenceKind.POSITION)
        suspects = _differing(ours.positions, theirs.positions)
        for key, quantities in suspects.items():
            if ours.suspected.get(key) == quantities:
                differences.append(_position(key, quantities))
    return Findings(reports=reports, ask=ask, differences=differences, compared=compared, suspects=suspects)


def _foreign_execution(execution: VenueExecution) -> Difference:
    theirs = f"{execution.side} {plain(execution.quantity)} {execution.symbol} at {plain(execution.price)}"
    subject = f"{execution.venue_order_id or '?'}/{execution.venue_execution_id}"
    return Difference(kind=DifferenceKind.FOREIGN_EXECUTION, subject=subject, ours="no such order", theirs=theirs)


def _strange_order(order: VenueOrder, *, over_here: bool) -> Difference:
    quantity = "?" if order.quantity is None else plain(order.quantity)
    return Difference(
        kind=DifferenceKind.ORDER_OVER_HERE if over_here else DifferenceKind.FOREIGN_ORDER,
        subject=order.venue_order_id,
        ours=f"order {order_id_of(order.client_order_id)} is over" if over_here else "no such order",
        theirs=f"{order.side} {quantity} {order.symbol}, {order.status}",
    )


def _differing(ours: Mapping[PositionAt, Decimal], theirs: Sequence[VenuePosition]) -> dict[PositionAt, Quantities]:
    there: dict[PositionAt, Decimal] = {}
    for position in theirs:
        key = (position.symbol, position.bucket)
        there[key] = there.get(key, ZERO) + position.quantity
    return {
        key: (ours.get(key, ZERO), there.get(key, ZERO))
        for key in sorted({*ours, *there})
        if ours.get(key, ZERO) != there.get(key, ZERO)
    }


def _position(key: PositionAt, quantities: Quantities) -> Difference:
    symbol, bucket = key
    subject = symbol if bucket is Bucket.NET else f"{symbol} {bucket}"
    ours, theirs = quantities
    return Difference(kind=DifferenceKind.POSITION, subject=subject, ours=plain(ours), theirs=plain(theirs))
