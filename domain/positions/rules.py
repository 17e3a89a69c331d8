"""Position arithmetic, pure: what an execution does to a position, netting or hedging, linear or inverse.

Netting keeps one signed position. Adding to it averages by quantity; reducing leaves the average and realises
closed x multiplier x (price - average) x sign; going through zero closes at the fill price and opens the rest there.
Inverse contracts (quantity in contracts of ``multiplier`` quote units, money in the base asset) realise
closed x multiplier x (1/average - 1/price) x sign, and their average is harmonic: quantity / sum(quantity / price).
Hedging keeps a LONG and a SHORT apart; each is only ever opened and closed.

``realized_pnl`` is gross of fees and not rounded: money is rounded where it is posted.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

from domain.kernel.numbers import ZERO, to_average
from domain.market.types import Instrument


@dataclass(frozen=True, slots=True)
class PositionState:
    """What is held: a signed quantity at an average price, zero when flat.

    ``today_quantity`` is how much of the (unsigned) quantity was opened since the last day roll.
    """

    quantity: Decimal = ZERO
    average_price: Decimal = ZERO
    realized_pnl: Decimal = ZERO
    today_quantity: Decimal = ZERO

    @property
    def size(self) -> Decimal:
        """How much is held, unsigned."""
        return abs(self.quantity)


FLAT = PositionState()


@dataclass(frozen=True, slots=True)
class PositionChange:
    """What one execution did: the position after it, the PnL it realised, how much it closed and how much it opened."""

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
    """An execution closes more of a hedging position than there is."""


def realized_pnl(instrument: Instrument, signed_quantity: Decimal, entry: Decimal, exit_price: Decimal) -> Decimal:
    """PnL of closing ``signed_quantity`` (above zero for a long), entered at ``entry``, at ``exit_price``."""
    if instrument.inverse:
        return signed_quantity * instrument.multiplier * (exit_price - entry) / (entry * exit_price)
    return signed_quantity * instrument.multiplier * (exit_price - entry)


def average_price(
    instrument: Instrument, held: Decimal, held_average: Decimal, added: Decimal, price: Decimal
) -> Decimal:
    """Average of ``held`` units at ``held_average`` and ``added`` units at ``price``, both unsigned."""
    if held == ZERO or held_average == price:
        return price
    if instrument.inverse:
        return to_average((held + added) / (held / held_average + added / price))
    return to_average((held * held_average + added * price) / (held + added))


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
    """Take from the LONG or the SHORT of a hedging account: yesterday's units first, unless today's are asked for.

    Raises:
        ClosesTooMuch: the leg is smaller than ``quantity``.
    """
    assert quantity > ZERO
    if quantity > position.size:
        raise ClosesTooMuch(f"closes {quantity} of {position.size}")
    return _decrease(position, instrument, quantity, price, today_first=today_first)


def closable(position: PositionState, held_back: Decimal, *, settles_next_day: bool) -> Decimal:
    """How much may be closed: what is neither held back by orders or by hand nor, settling next day, bought today."""
    unsettled = position.today_quantity if settles_next_day else ZERO
    return max(ZERO, position.size - held_back - unsettled)


def roll_day(position: PositionState) -> PositionState:
    """The position on the next trading day: nothing of it was opened today."""
    return replace(position, today_quantity=ZERO)


def _increase(position: PositionState, instrument: Instrument, fill: Fill) -> PositionChange:
    added = abs(fill.quantity)
    average = average_price(instrument, position.size, position.average_price, added, fill.price)
    after = replace(
        position,
        quantity=position.quantity + fill.quantity,
        average_price=average,
        today_quantity=position.today_quantity + added,
    )
    return PositionChange(after, ZERO, ZERO, added)


def _decrease(
    position: PositionState, instrument: Instrument, quantity: Decimal, price: Decimal, *, today_first: bool
) -> PositionChange:
    signed = quantity if position.quantity > ZERO else -quantity
    realized = realized_pnl(instrument, signed, position.average_price, price)
    left = position.size - quantity
    today = max(ZERO, position.today_quantity - quantity) if today_first else min(position.today_quantity, left)
    after = PositionState(
        quantity=position.quantity - signed,
        average_price=position.average_price if left else ZERO,
        realized_pnl=position.realized_pnl + realized,
        today_quantity=today,
    )
    return PositionChange(after, realized, quantity, ZERO)
