"""Closed trades, pure: entries matched with exits, first in, first out unless another method is asked for.

The books value a position at its average, and the realised PnL of an execution follows from that. A trade's
``realized_pnl`` is its part of the books' realised PnL, so trades add up to the books, always and exactly:

    sum of trades' realized_pnl = position's realized_pnl - PnL that daily settlements realised on open lots
    sum of trades' fees         = position's fees_paid - costs of opening the open lots
    sum of open lots            = position's quantity

A trade's ``matched_pnl`` is quantity x multiplier x (exit - entry) of its own lot. The two differ while a position that
was built at several prices is partly closed. Over all trades of a flat position they agree, except for the rounding of
averages to twelve decimals.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum

from domain.kernel.numbers import MAX_FRACTION_DIGITS, ONE, ZERO, total
from domain.market.costs import realized_pnl, to_average
from domain.market.types import Instrument
from domain.positions.adjustments import AdjustmentKind, PositionAdjustment
from domain.positions.types import Bucket, PositionSide


class LotMethod(StrEnum):
    """The order in which an exit takes lots: the oldest first, the newest first, or all of them at their average."""

    FIFO = "fifo"
    LIFO = "lifo"
    AVERAGE = "average"


_QUANTUM = Decimal(1).scaleb(-MAX_FRACTION_DIGITS)


@dataclass(frozen=True, slots=True)
class ClosedTrade:
    """An entry and its exit, in the account's currency; ``realized_pnl`` is gross of ``fees``, which hold the taxes.

    ``side`` is that of the position which was closed, ``quantity`` unsigned.
    """

    symbol: str
    side: PositionSide
    quantity: Decimal
    entry_price: Decimal
    exit_price: Decimal
    opened_at: datetime
    closed_at: datetime
    realized_pnl: Decimal
    matched_pnl: Decimal
    fees: Decimal

    @property
    def net_pnl(self) -> Decimal:
        """Realised PnL less fees."""
        return self.realized_pnl - self.fees


@dataclass(slots=True)
class LotFill:
    """An execution as an input of lots: unsigned quantity, ``costs`` (fee and tax) and the PnL that the books realised.

    ``rate`` converts the instrument's currency into the account's.
    """

    buys: bool
    quantity: Decimal
    price: Decimal
    at: datetime
    costs: Decimal
    realized_pnl: Decimal
    rate: Decimal = ONE


@dataclass(slots=True)
class _Lot:
    """The part of one execution that is still open.

    ``basis`` is the price from which its PnL counts: its entry's, or that of the last daily settlement; ``settled`` is
    the PnL that the books realised on it before.
    """

    opened_at: datetime
    quantity: Decimal
    entry_price: Decimal
    basis: Decimal
    costs: Decimal
    settled: Decimal = ZERO


@dataclass(slots=True)
class _Part:
    """The part of one lot that one exit closes."""

    opened_at: datetime
    quantity: Decimal
    entry_price: Decimal
    basis: Decimal
    costs: Decimal
    settled: Decimal


class Lots:
    """The open lots of one position."""

    def __init__(self, instrument: Instrument, bucket: Bucket, method: LotMethod = LotMethod.FIFO) -> None:
        self._instrument = instrument
        self._method = method
        self._bucket = bucket
        self._lots: deque[_Lot] = deque()
        self._is_long = bucket is not Bucket.SHORT
        self.size = ZERO

    @property
    def quantity(self) -> Decimal:
        """The open quantity, signed."""
        return self.size if self._is_long else -self.size

    def fill(self, fill: LotFill) -> list[ClosedTrade]:
        """Book an execution, and return the trades that it closes, in the order of the method."""
        closed = ZERO if self._opens(fill) else min(self.size, fill.quantity)
        opened = fill.quantity - closed
        if not closed:
            trades, opening_costs = [], fill.costs
        else:
            closing_costs, opening_costs = _split(fill.costs, closed, opened)
            trades = self.close(closed, fill.price, fill.at, fill.realized_pnl, closing_costs, fill.rate)
        if opened:
            if not self._lots:
                self._is_long = fill.buys
            self._open(_Lot(fill.at, opened, fill.price, fill.price, opening_costs))
            self.size += opened
        return trades

    def close(
        self, quantity: Decimal, price: Decimal, at: datetime, realized: Decimal, costs: Decimal, rate: Decimal
    ) -> list[ClosedTrade]:
        """Close at most the open quantity; ``realized`` is the PnL that the books realised on it."""
        parts = self._take(quantity)
        weights = [part.quantity for part in parts]
        gains = self._attributed([(part.quantity, part.basis) for part in parts], price, realized, rate)
        shares = _spread(costs, weights)
        return [
            ClosedTrade(
                symbol=self._instrument.symbol,
                side=PositionSide.LONG if self._is_long else PositionSide.SHORT,
                quantity=part.quantity,
                entry_price=part.entry_price,
                exit_price=price,
                opened_at=part.opened_at,
                closed_at=at,
                realized_pnl=part.settled + gain,
                matched_pnl=self._pnl(part.quantity, part.entry_price, price, rate),
                fees=part.costs + share,
            )
            for part, gain, share in zip(parts, gains, shares, strict=True)
        ]

    def settle(self, price: Decimal, realized: Decimal, rate: Decimal) -> None:
        """Mark the open lots to a settlement price, at which the books realised this PnL."""
        lots = list(self._lots)
        gains = self._attributed([(lot.quantity, lot.basis) for lot in lots], price, realized, rate)
        for lot, gain in zip(lots, gains, strict=True):
            lot.settled += gain
            lot.basis = price

    def split(self, factor: Decimal) -> None:
        """Turn each unit into ``factor`` units; the fractions that the books pay out are closed after that."""
        for lot in self._lots:
            lot.quantity *= factor
            lot.entry_price, lot.basis = to_average(lot.entry_price / factor), to_average(lot.basis / factor)
        self.size = total(lot.quantity for lot in self._lots)

    def adjust(self, adjustment: PositionAdjustment) -> list[ClosedTrade]:
        """Apply an adjustment, and return the trades that it closes: fractions after a split, or a delisting.

        The trades that it closes: what a split left over of whole units, and what was delisted.
        """
        price, rate, at = adjustment.price, adjustment.fx_rate, adjustment.created_at
        if not self._lots or at is None:
            return []
        if adjustment.kind is AdjustmentKind.SETTLEMENT and price is not None:
            self.settle(price, adjustment.realized_pnl, rate)
        elif adjustment.kind is AdjustmentKind.SPLIT:
            self.split(adjustment.factor)
        left_over = self.size - abs(adjustment.quantity_after)
        if left_over <= ZERO:
            return []
        return self.close(
            left_over, self._average() if price is None else price, at, adjustment.realized_pnl, ZERO, rate
        )

    def _average(self) -> Decimal:
        """The average entry price of the open quantity, as the books compute it."""
        return to_average(total(lot.quantity * lot.basis for lot in self._lots) / self.size)

    def _open(self, lot: _Lot) -> None:
        if self._method is LotMethod.AVERAGE and self._lots:
            held = self._lots.pop()
            lot = _Lot(
                held.opened_at,
                held.quantity + lot.quantity,
                self._mean(held.quantity, held.entry_price, lot.quantity, lot.entry_price),
                self._mean(held.quantity, held.basis, lot.quantity, lot.basis),
                held.costs + lot.costs,
                held.settled,
            )
        self._lots.append(lot)

    def _mean(self, quantity: Decimal, price: Decimal, other: Decimal, other_price: Decimal) -> Decimal:
        """The price at which both quantities have the PnL that they have at their own."""
        if self._instrument.inverse:
            return to_average((quantity + other) / (quantity / price + other / other_price))
        return to_average((quantity * price + other * other_price) / (quantity + other))

    def _opens(self, fill: LotFill) -> bool:
        if self._bucket is Bucket.NET:
            return not self._lots or self._is_long == fill.buys
        return fill.buys == (self._bucket is Bucket.LONG)

    def _take(self, quantity: Decimal) -> list[_Part]:
        parts = []
        left = min(quantity, self.size)
        self.size -= left
        while left > ZERO:
            newest_first = self._method is LotMethod.LIFO
            lot = self._lots[-1 if newest_first else 0]
            taken = min(left, lot.quantity)
            left -= taken
            rest = lot.quantity - taken
            costs, lot.costs = _split(lot.costs, taken, rest)
            settled, lot.settled = _split(lot.settled, taken, rest)
            parts.append(_Part(lot.opened_at, taken, lot.entry_price, lot.basis, costs, settled))
            lot.quantity = rest
            if rest == ZERO and newest_first:
                self._lots.pop()
            elif rest == ZERO:
                self._lots.popleft()
        return parts

    def _attributed(
        self, lots: Sequence[tuple[Decimal, Decimal]], price: Decimal, realized: Decimal, rate: Decimal
    ) -> list[Decimal]:
        """The books' realised PnL divided among lots (quantity, basis): each its own PnL, and the rest by quantity."""
        if len(lots) == 1:
            return [realized]
        own = [_rounded(self._pnl(quantity, basis, price, rate)) for quantity, basis in lots]
        rest = _spread(realized - total(own), [quantity for quantity, _ in lots])
        return [gain + part for gain, part in zip(own, rest, strict=True)]

    def _pnl(self, quantity: Decimal, entry: Decimal, price: Decimal, rate: Decimal) -> Decimal:
        signed = quantity if self._is_long else -quantity
        return realized_pnl(self._instrument, signed, entry, price) * rate


def _split(amount: Decimal, part: Decimal, rest: Decimal) -> tuple[Decimal, Decimal]:
    """``amount`` in two parts by weight, the first of which is not zero."""
    if not rest or not amount:
        return amount, ZERO
    first, second = _spread(amount, (part, rest))
    return first, second


def _spread(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """``amount`` in parts by weight, which add up to it exactly: rounded to eighteen decimals, the rest to the last."""
    if len(weights) == 1:
        return [amount]
    if not amount:
        return [ZERO] * len(weights)
    whole = total(weights)
    shares: list[Decimal] = []
    left = amount
    last = max((place for place, weight in enumerate(weights) if weight), default=-1)
    for place, weight in enumerate(weights):
        share = left if place == last else _rounded(amount * weight / whole) if weight else ZERO
        left -= share
        shares.append(share)
    return shares


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(_QUANTUM, rounding=ROUND_HALF_EVEN)
