"""The recorder: stores newest quotes and bars about once a second from the tick stream.

Stored data always reflects one position of the stream, and that position is stored with it. A restarted recorder
continues exactly there: no tick is counted twice or left out while the stream still holds it. One recorder works at a
time; a second one is detected at its next store and starts again from the database.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

import structlog

from domain.kernel.bus import Bus
from domain.kernel.concurrency import run_until_one_ends
from domain.kernel.retry import keep_trying
from domain.kernel.unit_of_work import unit_of_work
from domain.market import queries
from domain.market.bars import BarBuilder, print_of
from domain.market.clocks import KeptQuote
from domain.market.events import bar_message
from domain.market.market import RECORDER, Market
from domain.market.stream import BEGINNING, PositionedTick, TickStream, order_of, received_at
from domain.market.types import Bar, BarInterval

FLUSH_SECONDS = 1.0
# Bars of a second are for the recent past: a day and a half of them for each instrument.
KEPT_SECOND_BARS = 130_000

# With this much unstored (the database is away) reading stops; the stream keeps what comes, within its bound.
_MAX_UNSTORED_BARS = 100_000
_PRUNE_EVERY_FLUSHES = 600
_log = structlog.stdlib.get_logger("market")


class AnotherRecorder(Exception):
    """Another process has stored data after the position of this recorder."""


@dataclass(frozen=True, slots=True)
class Unstored:
    """The data collected since the last store, up to ``position``; ``anew`` are bars that replace stored ones."""

    position: str
    quotes: Sequence[tuple[UUID, KeptQuote]]
    bars: Sequence[tuple[UUID, Bar]]
    anew: Sequence[tuple[UUID, Bar]]


class Recorder:
    """Reads the tick stream and stores quotes and bars while ``run`` runs; calls ``progressed`` as it gets on."""

    def __init__(
        self,
        market: Market,
        ticks: TickStream,
        bus: Bus,
        *,
        flush_seconds: float = FLUSH_SECONDS,
        progressed: Callable[[], None] = lambda: None,
    ) -> None:
        self._market = market
        self._progressed = progressed
        self._ticks = ticks
        self._bus = bus
        self._flush_seconds = flush_seconds
        # A board of its own, which is exactly at this recorder's position.
        self._board = market.new_board()
        self._builder = BarBuilder(market.day_of)
        self._changed: set[str] = set()
        self._position = self._stored = BEGINNING
        # By symbols that are being replayed: the newest bar of each length that this replay has begun.
        self._replaying: dict[str, dict[BarInterval, int]] = {}
        self._room = asyncio.Event()
        self._read = asyncio.Condition()
        self._flushes = 0

    async def load(self) -> None:
        """Take over the stored state.

        Raises:
            Unavailable: the database cannot be read.
        """
        stored = await queries.read_market(RECORDER)
        self._board.restore(stored.quotes)
        self._position = self._stored = stored.position

    async def run(self) -> None:
        """Record without end, from the state that ``load`` took over.

        Raises:
            AnotherRecorder: somebody else records too.
        """
        await run_until_one_ends(self._follow(), self._store_forever())

    async def reached(self, position: str) -> None:
        """Wait until everything up to ``position`` has been read."""
        wanted = order_of(position)
        async with self._read:
            await self._read.wait_for(lambda: order_of(self._position) >= wanted)

    def replay(self, symbol: str) -> None:
        """Replay a symbol's market from its next tick on: its bars are replaced instead of growing."""
        self._replaying[symbol] = {}

    # -------------------------------------------------------------- reading

    async def _follow(self) -> None:
        async with aclosing(cast(Any, self._ticks.read(self._position, consumer=RECORDER))) as batches:
            async for batch in batches:
                await self._market.learn(tick.symbol for _, tick in batch)
                self.take_in(batch)
                self._progressed()
                async with self._read:
                    self._read.notify_all()
                if len(self._builder) > _MAX_UNSTORED_BARS:
                    self._room.clear()
                    await self._room.wait()

    def take_in(self, batch: Sequence[PositionedTick]) -> None:
        """Add ticks to quotes and bars; ticks of unknown symbols are left out."""
        for position, tick in batch:
            self._position = position
            change = self._board.apply(tick, received_at(position)) if self._is_known(tick.symbol) else None
            if change is None:
                continue
            self._changed.add(tick.symbol)
            made = print_of(tick, change.quote, change.traded)
            if made is not None:
                self._builder.add(tick.symbol, tick.at, *made)

    def _is_known(self, symbol: str) -> bool:
        return self._market.instrument(symbol) is not None

    # -------------------------------------------------------------- storing

    async def _store_forever(self) -> None:
        while True:
            await asyncio.sleep(self._flush_seconds)
            await self.flush()
            self._progressed()

    async def flush(self) -> None:
        """Store the collected data, trying again while the database is away.

        Raises:
            AnotherRecorder: somebody else has stored meanwhile.
        """
        if self._position == self._stored:
            return
        unstored = self._take_out()
        await keep_trying(lambda: self._store(unstored), _log, "market cannot be stored, will retry")
        self._stored = unstored.position
        self._room.set()

    def _take_out(self) -> Unstored:
        changed, self._changed = self._changed, set()
        owned = [(self._id_of(bar.symbol), bar) for bar in self._builder.take()]
        quotes = [(self._id_of(symbol), kept) for symbol in changed if (kept := self._board.kept(symbol)) is not None]
        return Unstored(self._position, quotes, owned, [pair for pair in owned if self._starts_anew(pair[1])])

    def _id_of(self, symbol: str) -> UUID:
        instrument = self._market.instrument(symbol)
        assert instrument is not None, "instruments are never removed"
        return instrument.id

    def _starts_anew(self, bar: Bar) -> bool:
        begun = self._replaying.get(bar.symbol)
        if begun is None or bar.at <= begun.get(bar.interval, -1):
            return False
        begun[bar.interval] = bar.at
        return True

    async def _store(self, unstored: Unstored) -> None:
        async with unit_of_work(self._bus) as work:
            position = await queries.lock_position(work, RECORDER)
            if position == unstored.position:
                # It was stored after all, by the attempt whose answer was lost.
                return
            if position != self._stored:
                raise AnotherRecorder(f"stored up to {position}, not {self._stored}")
            await queries.clear_bars(work, unstored.anew)
            for bar in await queries.grow_bars(work, unstored.bars):
                work.publish(*bar_message(bar))
            await queries.store_quotes(work, unstored.quotes)
            await queries.store_position(work, RECORDER, unstored.position)
            self._flushes += 1
            if self._flushes % _PRUNE_EVERY_FLUSHES == 0:
                owners = {owner for owner, _ in unstored.quotes}
                await queries.prune_bars(work, owners, BarInterval.SECOND, KEPT_SECOND_BARS)
