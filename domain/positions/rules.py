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

from domain.kernel.numbers import ZERO, to_average, to_exact
from domain.market.types import Instrument


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
    """An execution of a netting account: quantity signed, a buy above zero."""

    quantity: Decimal
    price: Decimal


class ClosesTooMuch(ValueError):
    """An execution closes more of a hedging position than is held."""


def cost_at(instrument: Instrument, quantity: Decimal, price: Decimal) -> Decimal:
    """The cost of a quantity at a price, signed like the quantity, without the multiplier."""
    return to_exact(quantity / price) if instrument.inverse else quantity * price


def average_of(instrument: Instrument, quantity: Decimal, cost: Decimal) -> Decimal:
    """The average price of a quantity that is not zero."""
    return to_average(quantity / cost if instrument.inverse else cost / quantity)


def gain(instrument: Instrument, quantity: Decimal, cost: Decimal, price: Decimal) -> Decimal:
    """The gain of a signed quantity with cost ``cost`` at ``price``; not converted, not rounded."""
    if instrument.inverse:
        return (cost - quantity / price) * instrument.multiplier
    return (quantity * price - cost) * instrument.multiplier


def realized_pnl(instrument: Instrument, signed_quantity: Decimal, entry: Decimal, exit_price: Decimal) -> Decimal:
    """PnL of closing ``signed_quantity`` (above zero for a long), entered at ``entry``, at ``exit_price``."""
    if instrument.inverse:
        return signed_quantity * instrument.multiplier * (exit_price - entry) / (entry * exit_price)
    return signed_quantity * instrument.multiplier * (exit_price - entry)


def apply_fill(position: PositionState, instrument: Instrument, fill: Fill) -> PositionChange:
    """Book an execution in netting mode."""
    assert fill.quantity != ZERO
    if position.quantity == ZERO or (position.quantity > ZERO) == (fill.quantity > ZERO):
        return _increase(position, instrument, fill)
    closed = min(position.size, abs(fill.quantity))
    change = _decrease(position, instrument, closed, fill.price, today_first=False)
    rest = abs(fill.quantity) - closed
    if rest == ZERO:
        return change
    signed_rest = rest if fill.quantity > ZERO else -rest
    reopened = _increase(change.position, instrument, Fill(signed_rest, fill.price))
    return PositionChange(reopened.position, change.realized_pnl, closed, rest)


def open_leg(
    position: PositionState, instrument: Instrument, quantity: Decimal, price: Decimal, *, is_long: bool
) -> PositionChange:
    """Add to the LONG or the SHORT of a hedging account; ``quantity`` is unsigned."""
    assert quantity > ZERO
    return _increase(position, instrument, Fill(quantity if is_long else -quantity, price))


def close_leg(
    position: PositionState, instrument: Instrument, quantity: Decimal, price: Decimal, *, today_first: bool
) -> PositionChange:
    """Reduce the LONG or the SHORT of a hedging account: yesterday's units first, unless today's are asked for.

    Raises:
        ClosesTooMuch: the leg is smaller than ``quantity``.
    """
    assert quantity > ZERO
    if quantity > position.size:
        raise ClosesTooMuch(f"closes {quantity} of {position.size}")
    return _decrease(position, instrument, quantity, price, today_first=today_first)


def closable(position: PositionState, held_back: Decimal, *, settles_next_day: bool) -> Decimal:
    """The closable quantity: without the parts frozen by orders or by hand, and without unsettled purchases."""
    unsettled = position.today_quantity if settles_next_day else ZERO
    return max(ZERO, position.size - held_back - unsettled)


def roll_day(position: PositionState) -> PositionState:
    """The position on the next trading day: nothing of it was opened today."""
    return replace(position, today_quantity=ZERO)


def _increase(position: PositionState, instrument: Instrument, fill: Fill) -> PositionChange:
    added = abs(fill.quantity)
    quantity = position.quantity + fill.quantity
    cost = position.cost + cost_at(instrument, fill.quantity, fill.price)
    same = position.quantity == ZERO or position.average_price == fill.price
    after = replace(
        position,
        quantity=quantity,
        cost=cost,
        average_price=fill.price if same else average_of(instrument, quantity, cost),
        today_quantity=position.today_quantity + added,
    )
    return PositionChange(after, ZERO, ZERO, added)


def _decrease(
    position: PositionState, instrument: Instrument, quantity: Decimal, price: Decimal, *, today_first: bool
) -> PositionChange:
    signed = quantity if position.quantity > ZERO else -quantity
    left = position.size - quantity
    cost = part_of_cost(position.cost, quantity, position.size)
    realized = gain(instrument, signed, cost, price)
    today = max(ZERO, position.today_quantity - quantity) if today_first else min(position.today_quantity, left)
    after = PositionState(
        quantity=position.quantity - signed,
        cost=position.cost - cost,
        average_price=position.average_price if left else ZERO,
        realized_pnl=position.realized_pnl + realized,
        today_quantity=today,
    )
    return PositionChange(after, realized, quantity, ZERO)


def part_of_cost(cost: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """The cost of ``part`` of a quantity of ``whole``; the rest of the cost stays, to the last digit."""
    return cost if part == whole else to_exact(cost * part / whole)
