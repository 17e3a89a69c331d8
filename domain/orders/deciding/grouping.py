"""Brackets and OCOs, pure: their orders, and one decision on the group.

A group is accepted or refused as a whole. The entry of a bracket is decided like any order. Its exits, which only
reduce and reserve nothing until they are released, are only checked for possible prices. Each order of an OCO is
decided as if it were alone, because at most one of them fills; together they reserve for the larger one.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from domain.kernel.ids import new_id
from domain.kernel.numbers import ONE, ZERO
from domain.market.types import Instrument
from domain.orders.deciding.activity import Displaced
from domain.orders.deciding.business_checks import EXIT_CHECKS, Candidate, first_refusal
from domain.orders.deciding.pretrade import Decision, decide
from domain.orders.deciding.reservations import (
    Reservation,
    reservation_price,
    reserve_orders,
    unreserve,
    unreserve_orders,
)
from domain.orders.deciding.risk_checks import collared
from domain.orders.deciding.state import GroupPlace, new_order, refuse
from domain.orders.deciding.trading_book import MarketState, TradingBook
from domain.orders.model import refusals
from domain.orders.model.commands import PlaceBracket, PlaceOco, PlaceOrder, exit_command, request_digest
from domain.orders.model.order import Order
from domain.orders.model.types import Contingency, OrderStatus, Side


@dataclass(frozen=True, slots=True)
class GroupPart:
    """The part of an order in its group; ``name`` is the API's for it."""

    name: str
    contingency: Contingency


def bracket_orders(bracket: PlaceBracket) -> tuple[tuple[GroupPart, ...], tuple[PlaceOrder, ...]]:
    """The orders of a bracket: the entry, then its exits."""
    parts = [GroupPart("entry", Contingency.OTO), *(GroupPart(name, Contingency.OUO) for name, _ in bracket.legs)]
    commands = [bracket.entry, *(exit_command(bracket.entry, leg) for _, leg in bracket.legs)]
    return tuple(parts), tuple(commands)


def oco_orders(oco: PlaceOco) -> tuple[tuple[GroupPart, ...], tuple[PlaceOrder, ...]]:
    """The orders of an OCO."""
    parts = (GroupPart("first", Contingency.OCO), GroupPart("second", Contingency.OCO))
    return parts, (oco.first, oco.second)


def group_digest(parts: Sequence[GroupPart], commands: Sequence[PlaceOrder]) -> bytes:
    """Sixteen bytes that are equal for equal groups: an order of a group is a repeat only with the whole group."""
    digest = hashlib.blake2b(digest_size=16)
    for part, command in zip(parts, commands, strict=True):
        digest.update(f"{part.name} {part.contingency}\x1f".encode() + request_digest(command))
    return digest.digest()


@dataclass(frozen=True, slots=True)
class GroupRequest:
    """The orders of a well-formed group, and the inputs of the decision on it.

    ``expiries`` says until when each order works at the venue, ``digest`` identifies repeats.
    """

    parts: Sequence[GroupPart]
    commands: Sequence[PlaceOrder]
    expiries: Sequence[datetime | None]
    digest: bytes
    instrument: Instrument
    market: MarketState
    book: TradingBook
    now: datetime


@dataclass(frozen=True, slots=True)
class DecidedGroup:
    """The orders of a group: all accepted, with their reservations, or all refused.

    ``displaced`` are own orders to cancel for them.
    """

    orders: list[Order]
    displaced: list[Displaced]


def decide_group(request: GroupRequest) -> DecidedGroup:
    """Decide on a group."""
    book = request.book
    mark = book.activity.mark() if book.activity is not None else 0
    touched = {key: position.changed for key, position in book.positions.items()}
    decisions = _decide(request)
    orders = _orders(request, decisions)
    if all(decision.accepted for decision in decisions):
        _reserve(orders, decisions, request)
    _count(orders, request, mark)
    if not orders[0].is_open:
        # A refused group leaves no trace in the books, not even an empty position.
        for key, position in book.positions.items():
            position.changed = touched.get(key, False)
    return DecidedGroup(orders, [row.displaced for row in decisions if row.displaced is not None])


def _orders(request: GroupRequest, decisions: Sequence[Decision]) -> list[Order]:
    group_id, venue = new_id(), request.book.account.venue
    rows = zip(request.parts, request.commands, request.expiries, decisions, strict=True)
    orders: list[Order] = []
    for part, command, until, decision in rows:
        parent = orders[0].id if part.contingency is Contingency.OUO else None
        place = GroupPlace(group_id, parent, part.contingency)
        orders.append(
            new_order(
                command, request.instrument, venue, decision, request.market, until, request.now, request.digest, place
            )
        )
    return orders


def _count(orders: Sequence[Order], request: GroupRequest, mark: int) -> None:
    """Count the exits of an accepted group for limits too, and nothing of a refused one."""
    activity = request.book.activity
    if activity is None:
        return
    if not orders[0].is_open:
        activity.undo(mark)
        return
    for part, command in zip(request.parts, request.commands, strict=True):
        if part.contingency is Contingency.OUO:
            # An exit is worth nothing beside the entry that it closes.
            activity.add(command, None, request.now)


def _decide(request: GroupRequest) -> list[Decision]:
    """One decision per order; all or none are refused. Reservations of accepted ones are not on the book afterwards."""
    book, decisions = request.book, []
    for part, command in zip(request.parts, request.commands, strict=True):
        if part.contingency is Contingency.OUO:
            decisions.append(_decide_exit(command, request))
            continue
        decision = decide(command, request.instrument, request.market, book)
        if decision.accepted:
            position = book.position_for(command, request.instrument.id)
            unreserve(book.account, position, decision.reservation, buys=command.side is Side.BUY)
        decisions.append(decision)
    return _all_or_none(decisions)


def _reserve(orders: Sequence[Order], decisions: Sequence[Decision], request: GroupRequest) -> None:
    """Reserve for accepted orders together, or refuse them if the funds are not available."""
    book = request.book
    available, reserved = book.available, book.account.reserved
    # The exits of a bracket wait for their entry, and reserve nothing.
    waiting = book.legs(order for order in orders if order.status is not OrderStatus.HELD)
    reserve_orders(book.account, request.instrument, waiting)
    needed = book.account.reserved - reserved
    most = max(decision.reserved for decision in decisions)
    if needed <= max(most, ZERO) or (available is not None and needed <= available):
        return
    if all(decision.is_exit for decision in decisions):
        return
    unreserve_orders(book.account, waiting)
    reason, message = refusals.lack_of_funds(needed, available, book.account.currency)
    for order in orders:
        refuse(order, reason, message, request.now)


def _all_or_none(decisions: list[Decision]) -> list[Decision]:
    if all(decision.accepted for decision in decisions):
        return decisions
    reason, message = refusals.refused_with_group()
    return [
        replace(decision, reason=reason, message=message) if decision.accepted else decision for decision in decisions
    ]


def _decide_exit(command: PlaceOrder, request: GroupRequest) -> Decision:
    instrument, market = request.instrument, request.market
    position = request.book.position_for(command, instrument.id)
    price = reservation_price(command, market.fresh)
    candidate = Candidate(command, instrument, market, request.book, position, price, command.quantity)
    nothing = Reservation(position.bucket, price, ZERO, ZERO, ZERO, candidate.rate or ONE)
    verdict = collared(candidate)
    refusal = first_refusal(candidate, EXIT_CHECKS) or verdict.refusal
    return Decision(nothing, ZERO, verdict.violations, *(refusal or ()))
