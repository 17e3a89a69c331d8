"""Round trips: closings against the newest openings, whatever else the account holds. Pure.

What an order opened is a leg. A fill on the other side closes the newest leg first, so that trades of minutes are told
from a position of weeks beneath them. What closes nothing recent closes such a position; that is no round trip, until
it is taken back soon.
"""

from dataclasses import dataclass
from typing import Any

# A leg so old is part of the position; so many are followed.
LEG_SECONDS, MAX_LEGS = 21_600.0, 20
# Quantities that differ by less are the same.
_PART = 1e-9

# Sign, open quantity, whole quantity, mean price, time of the last fill, whether it closed an old position, and order.
Leg = list[Any]


@dataclass(frozen=True, slots=True)
class Fill:
    """A fill; ``is_old`` says that it closes a part of the account's position, as its books say."""

    order: str
    sign: float
    quantity: float
    price: float
    at: float
    is_old: bool


@dataclass(frozen=True, slots=True)
class Closed:
    """A closing: its result in price times quantity, and the whole quantity of its leg.

    ``was_old`` says that the leg was a closing of an old position itself.
    """

    result: float
    opened: float
    was_old: bool


def grown_old(legs: list[Leg], now: float) -> float:
    """Drop legs that belong to the position by now: their signed quantity."""
    gone = 0.0
    while legs and (now - legs[0][4] > LEG_SECONDS or len(legs) >= MAX_LEGS):
        sign, left, *_ = legs.pop(0)
        gone += sign * left
    return gone


def follow(legs: list[Leg], fill: Fill) -> Closed | None:
    """Book a fill: what it closes, None where it only opens or closes an old position.

    A fill that closes by the books takes back openings. Where the account holds more beneath, its books may call either
    half of a round trip a closing: the same quantity back is a round trip in any case.
    """
    left, result, newest = fill.quantity, 0.0, legs[-1] if legs and _meets(legs[-1], fill) else None
    while legs and _meets(legs[-1], fill) and left > _PART * fill.quantity:
        leg = legs[-1]
        part = min(left, leg[1])
        result += part * (fill.price - leg[3]) * leg[0]
        leg[1] -= part
        left -= part
        if leg[1] <= _PART * leg[2]:
            legs.pop()
    if left > _PART * fill.quantity:
        _open(legs, fill, left, is_old=fill.is_old and newest is None)
    return Closed(result, newest[2], newest[5]) if newest is not None else None


def _meets(leg: Leg, fill: Fill) -> bool:
    is_same = abs(leg[1] - fill.quantity) <= _PART * fill.quantity
    return bool(leg[0] == -fill.sign and (is_same or (fill.is_old and not leg[5])))


def _open(legs: list[Leg], fill: Fill, quantity: float, *, is_old: bool) -> None:
    if legs and legs[-1][6] == fill.order:
        leg = legs[-1]
        leg[3] += (fill.price - leg[3]) * quantity / (leg[1] + quantity)
        leg[1] += quantity
        leg[2] += quantity
        leg[4] = fill.at
        return
    legs.append([fill.sign, quantity, quantity, fill.price, fill.at, is_old, fill.order])
