"""Positions that one process values per second as quotes arrive, by accounts, positions in each, and symbols.

    make bench ARGS=revaluation

A quote touches ``accounts x positions / symbols`` positions: rows with the same number of those should show the same
rate, however many accounts there are. The limit is the bare arithmetic of as many positions, in one loop, with nothing
kept. Each figure is the best of three rounds of about a second.
"""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from bench.table import Row
from domain.accounts.types import GENESIS_HASH, AccountBook, AccountKind, AccountState, PositionMode
from domain.kernel.ids import new_id
from domain.kernel.numbers import ZERO
from domain.kernel.time import Nanos, utc_now
from domain.market.rates import InstrumentIndex
from domain.market.types import AssetClass, Instrument, Quote
from domain.positions.revaluation import Revaluation
from domain.positions.types import Bucket, PositionBook

# Accounts, positions in each, symbols that quote.
CASES = ((100, 10, 100), (1_000, 10, 1_000), (1_000, 10, 100), (1_000, 100, 100), (10_000, 10, 100))
ROUNDS = 3
_ROUND_POSITIONS = 100_000
_TICK = Decimal("0.01")


def _instrument(number: int) -> Instrument:
    return Instrument(
        id=UUID(int=number),
        symbol=f"S{number}",
        name="",
        exchange="X",
        asset_class=AssetClass.PERPETUAL,
        currency="USD",
        tick_size=_TICK,
        lot_size=_TICK,
        min_quantity=_TICK,
        initial_margin_rate=Decimal("0.1"),
        maintenance_margin_rate=Decimal("0.05"),
    )


def _account(number: int) -> AccountBook:
    return AccountBook(
        id=UUID(int=number),
        owner_id=UUID(int=0),
        name="",
        venue="paper",
        kind=AccountKind.MARGIN,
        position_mode=PositionMode.NETTING,
        state=AccountState.ACTIVE,
        currency="USD",
        cash=Decimal(100_000),
        reserved=ZERO,
        realized_pnl=ZERO,
        fees_paid=ZERO,
        day_opening_equity=ZERO,
        day_transfers=ZERO,
        transaction_sequence=0,
        transaction_hash=GENESIS_HASH,
        event_sequence=0,
        created_at=utc_now(),
        rolled_at=utc_now(),
    )


def _position(account: AccountBook, instrument: Instrument, quantity: int) -> PositionBook:
    average = Decimal("100.25")
    cost = average * quantity
    return PositionBook(new_id(), account.id, instrument.id, Bucket.NET, Decimal(quantity), average, cost=cost)


class Scene:
    """Accounts that hold their positions in symbols one after the other, and a market that walks."""

    def __init__(self, accounts: int, positions: int, symbols: int) -> None:
        instruments = [_instrument(number) for number in range(symbols)]
        self._quotes = {row.symbol: Quote(row.symbol, Nanos(0), Decimal(100), Decimal("100.02")) for row in instruments}
        self._chance = random.Random(7)
        self.symbols = list(self._quotes)
        self.touched = accounts * positions // symbols
        self.revaluation = Revaluation(InstrumentIndex({row.id: row for row in instruments}), self._quotes.get)
        self.held: list[PositionBook] = []
        for number in range(accounts):
            account = _account(number)
            mine = [
                _position(
                    account, instruments[(number * positions + place) % symbols], self._chance.choice((-7, 3, 11))
                )
                for place in range(positions)
            ]
            self.revaluation.put(account, mine)
            self.held += mine

    def walk(self, count: int) -> list[Quote]:
        """The next quotes, symbol by symbol, none of which is what it was."""
        quotes, newest = [], dict(self._quotes)
        for number in range(count):
            before = newest[self.symbols[number % len(self.symbols)]]
            assert before.bid is not None
            assert before.ask is not None
            step = self._chance.choice((-1, 1)) * _TICK
            quote = newest[before.symbol] = replace(before, bid=before.bid + step, ask=before.ask + step)
            quotes.append(quote)
        return quotes

    def take(self, quote: Quote) -> None:
        """Value what a quote touches."""
        self._quotes[quote.symbol] = quote
        self.revaluation.on_quote(quote.symbol)


def _rate(scene: Scene, take: Callable[[Quote], object]) -> float:
    """Quotes a second that ``take`` manages, at its best."""
    count, best = max(20, _ROUND_POSITIONS // scene.touched), 0.0
    for _ in range(ROUNDS):
        quotes = scene.walk(count)
        started = time.perf_counter()
        for quote in quotes:
            take(quote)
        best = max(best, count / (time.perf_counter() - started))
    return best


def _bare(scene: Scene) -> Callable[[Quote], object]:
    """Value, unrealised PnL and margin of a position, for as many positions as a quote touches."""
    held, one, initial, maintenance = scene.held[: scene.touched], Decimal(1), Decimal("0.1"), Decimal("0.05")

    def take(quote: Quote) -> None:
        mark = quote.mark
        assert mark is not None
        for position in held:
            value = position.quantity * one * mark
            exposure = abs(value)
            _ = (position.quantity * one * (mark - position.average_price), exposure * initial, exposure * maintenance)

    return take


def rows() -> Iterator[Row]:
    """A row for each case: positions a second."""
    for accounts, positions, symbols in CASES:
        scene = Scene(accounts, positions, symbols)
        ours = _rate(scene, scene.take)
        limit = _rate(scene, _bare(scene))
        name = f"live PnL: {accounts:,} accounts x {positions} positions, {symbols:,} symbols ({ours:,.0f} quotes/s)"
        yield Row(name, "positions/s", [ours * scene.touched], [limit * scene.touched], "bare arithmetic")
