"""A simulated market of one symbol: a seeded random walk on the grid of ticks.

The same seed, symbol and first price give the same ticks at any times.
"""

import random
from collections.abc import Iterator
from decimal import Decimal

from adapters.demo import Demo
from domain.kernel.time import Nanos
from domain.market.types import Aggressor, AssetClass, QuoteTick, Tick, TradeTick

# Prices stay this near to the first one, within the daily limits of every market that has them.
_MAX_DEVIATION = 0.04
# Of the way back to the first price, per step: a gentle pull that a trend can resist for minutes.
_PULL = 0.0005
_QUOTE_CHANCE = 0.7
_TRADE_CHANCE = 0.35
_WIDE_CHANCE = 0.15


class Walk:
    """One symbol's market, step by step."""

    def __init__(self, demo: Demo, seed: int, start: Decimal) -> None:
        self.symbol = demo.instrument.symbol
        self._tick = demo.instrument.tick_size
        self._lot = demo.instrument.lot_size
        self._motion = demo.motion
        # Nobody sees what is traded in currencies: their price is the middle of the quote.
        self._prints_trades = demo.instrument.asset_class is not AssetClass.FX
        # Not for secrets: a market that is the same for the same seed is the point.
        self._random = random.Random(f"{seed}:{self.symbol}")  # noqa: S311  a made-up market
        self._home = int(start / self._tick)
        self._middle = float(self._home)
        self._bid, self._ask = self._touch()

    def close(self, at: Nanos) -> QuoteTick:
        """A last price from before the start."""
        price = self._price(self._home)
        if self._prints_trades:
            return QuoteTick(self.symbol, at, last=price)
        return QuoteTick(self.symbol, at, price, price)

    def first(self, at: Nanos) -> QuoteTick:
        """The quote at the start."""
        return self._quote(at)

    def step(self, at: Nanos) -> Iterator[Tick]:
        """The ticks of one step at time ``at``: a quote or none, then a trade at the touch or none."""
        chance = self._random.random
        self._middle += self._random.gauss(0, self._motion.ticks_per_step) + (self._home - self._middle) * _PULL
        limit = self._home * _MAX_DEVIATION
        self._middle = min(max(self._middle, self._home - limit), self._home + limit)
        if chance() < _QUOTE_CHANCE:
            self._bid, self._ask = self._touch()
            yield self._quote(at)
        if self._prints_trades and chance() < _TRADE_CHANCE:
            buys = chance() < 0.5
            price = self._price(self._ask if buys else self._bid)
            yield TradeTick(self.symbol, at, price, self._size(0.2), Aggressor.BUY if buys else Aggressor.SELL)

    def _touch(self) -> tuple[int, int]:
        spread = self._motion.spread_ticks + (self._random.random() < _WIDE_CHANCE)
        bid = max(int(self._middle) - spread // 2, 1)
        return bid, bid + spread

    def _quote(self, at: Nanos) -> QuoteTick:
        return QuoteTick(
            self.symbol, at, self._price(self._bid), self._price(self._ask), self._size(1.0), self._size(1.0)
        )

    def _price(self, ticks: int) -> Decimal:
        return ticks * self._tick

    def _size(self, part: float) -> Decimal:
        lots = max(1, round(self._motion.usual_lots * part * self._random.lognormvariate(0, 0.8)))
        return lots * self._lot
