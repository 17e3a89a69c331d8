"""Position arithmetic, pure: the effect of an execution on a position, netting or hedging, linear or inverse.

Netting keeps one signed position. A position stores its cost, and averages are divided from it last. Adding to it adds
quantity x price to the cost. Reducing it subtracts the cost of the closed part, so the average stays; realised PnL =
closed x multiplier x price less that cost x multiplier. An execution through zero closes at the fill price and opens
the rest there. Inverse contracts (quantity in contracts of ``multiplier`` quote units, money in the base asset) cost
quantity / price, their average is harmonic, and the sign of realised PnL is reversed. Hedging keeps a LONG and a SHORT
apart; each is only ever opened and closed.

``realized_pnl`` is gross of fees and not rounded: money is rounded where it is posted.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

from domain.kernel.numbers import ZERO
from domain.market.costs import average_of, cost_at, gain, part_of_cost
from domain.market.types import Instrument
from domain.positions.types import Bucket


@dataclass(frozen=True, slots=True)
class PositionState:
    """A signed quantity, its cost (signed the same) and its average price, zero when flat.

    ``today_quantity`` is the part of the (unsigned) quantity that was opened since the last day roll.
    """

    quantity: Decimal = ZERO
    cost: Decimal = ZERO
    average_price: Decimal = ZERO
    realized_pnl: Decimal = ZERO
    today_quantity: Decimal = ZERO

    @property
    def size(self) -> Decimal:
        """The unsigned quantity."""
        return abs(self.quantity)


FLAT = PositionState()


@dataclass(frozen=True, slots=True)
class PositionChange:
    """The effect of one execution: the position after it, its realised PnL, and the quantities closed and opened."""

    position: PositionState
    realized_pnl: Decimal
    closed: Decimal
    opened: Decimal


@dataclass(frozen=True, slots=True)
class Fill:
    """An execution: quantity signed, a buy above zero."""

    quantity: Decimal
    price: Decimal


class ClosesTooMuch(ValueError):
    """An execution closes more of a hedging position than is held."""


def apply_fill(
    position: PositionState,
    instrument: Instrument,
    fill: Fill,
    bucket: Bucket = Bucket.NET,
    *,
    today_first: bool = False,
) -> PositionChange:
    """Book an execution: it closes what it opposes, and opens the rest; a LONG or a SHORT never turns.

    Yesterday's units are closed first, unless today's are asked for.

    Raises:
        ClosesTooMuch: the LONG or SHORT is smaller than what the execution closes.
    """
    assert fill.quantity != ZERO
    quantity, cost, average = position.quantity, position.cost, position.average_price
    today, realized, traded = position.today_quantity, ZERO, abs(fill.quantity)
    opposes = quantity != ZERO and (quantity > ZERO) != (fill.quantity > ZERO)
    closed = min(position.size, traded) if opposes else ZERO
    opened = traded - closed
    if opened and bucket is not Bucket.NET and (bucket is Bucket.LONG) != (fill.quantity > ZERO):
        raise ClosesTooMuch(f"closes {traded} of {closed}")
    if closed:
        part, signed = part_of_cost(cost, closed, position.size), closed if quantity > ZERO else -closed
        realized = gain(instrument, signed, part, fill.price)
        quantity, cost = quantity - signed, cost - part
        today = max(ZERO, today - closed) if today_first else min(today, abs(quantity))
        average = average if quantity else ZERO
    if opened:
        added = opened if fill.quantity > ZERO else -opened
        is_same = quantity == ZERO or average == fill.price
        quantity, cost = quantity + added, cost + cost_at(instrument, added, fill.price)
        average = fill.price if is_same else average_of(instrument, quantity, cost)
        today += opened
    after = PositionState(quantity, cost, average, position.realized_pnl + realized, today)
    return PositionChange(after, realized, closed, opened)


def closable(position: PositionState, held_back: Decimal, *, settles_next_day: bool) -> Decimal:
    """The closable quantity: without the parts frozen by orders or by hand, and without unsettled purchases."""
    unsettled = position.today_quantity if settles_next_day else ZERO
    return max(ZERO, position.size - held_back - unsettled)


def roll_day(position: PositionState) -> PositionState:
    """The position on the next trading day: nothing of it was opened today."""
    return replace(position, today_quantity=ZERO)
