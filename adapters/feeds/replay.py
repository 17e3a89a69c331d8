"""The replay feed: recorded markets, merged in the order of time, at a multiple of the original pace or without pauses.

Ticks keep their own times. A silence of more than an hour (a night, a weekend, another recording) is cut to a second.
The feed ends with the recording; its quotes stay.
"""

import asyncio
import heapq
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import cast

import structlog

from adapters.feeds.feed import MAX_BATCH, FeedError
from adapters.feeds.files import DEFAULT_SIZE, find_files, read_ticks
from domain.kernel.numbers import ZERO
from domain.kernel.time import NANOS_PER_SECOND, Nanos
from domain.market.market import Market
from domain.market.rules import has_possible_prices
from domain.market.types import QuoteTick, Tick

LONGEST_SILENCE_SECONDS = 3_600
_CUT_SILENCE_SECONDS = 1
_log = structlog.stdlib.get_logger("feed")


class ReplayFeed:
    """Replays ``path`` (a file, or all files of a folder) at ``speed`` times the original pace; None for no pauses."""

    replays = True

    def __init__(
        self, market: Market, path: Path, speed: float | None = 1.0, *, default_size: Decimal = DEFAULT_SIZE
    ) -> None:
        self._market = market
        self._path = path
        self._speed = speed
        self._default_size = default_size
        self._begun: set[str] = set()
        self._unknown: set[str] = set()

    @property
    def unpaced(self) -> bool:
        """True if it must wait for readers."""
        return self._speed is None

    async def batches(self) -> AsyncIterator[Sequence[Tick]]:
        """Due ticks, in order.

        Raises:
            FeedError: a file cannot be read or a line of it is wrong; what came before has been given.
        """
        files = find_files(self._path)
        _log.info("replay begins", files=[file.name for file in files], speed=self._speed or "max")
        played = 0
        async for batch in self._paced(self._merged(files)):
            known = await self._of_known_symbols(batch)
            played += len(known)
            if known:
                yield known
        _log.info("replay ended", ticks=played)

    def _merged(self, files: Sequence[Path]) -> Iterator[Tick]:
        """Ticks of all files by time; at equal times in the order of the files."""
        return heapq.merge(*(read_ticks(file, self._default_size) for file in files), key=_time_of)

    async def _paced(self, ticks: Iterator[Tick]) -> AsyncIterator[list[Tick]]:
        clock = _Clock(self._speed, asyncio.get_running_loop().time)
        batch: list[Tick] = []
        problem: FeedError | None = None
        try:
            for tick in ticks:
                wait = clock.wait_for(tick.at)
                # A symbol's first tick may bring a second one along.
                if batch and (wait > 0 or len(batch) >= MAX_BATCH // 2):
                    yield batch
                    batch = []
                if wait > 0:
                    await asyncio.sleep(clock.wait_for(tick.at))
                batch.append(tick)
        except FeedError as error:
            problem = error
        if batch:
            yield batch
        if problem is not None:
            raise problem

    async def _of_known_symbols(self, batch: Sequence[Tick]) -> list[Tick]:
        await self._market.learn(tick.symbol for tick in batch if tick.symbol not in self._unknown)
        known: list[Tick] = []
        for tick in batch:
            instrument = self._market.instrument(tick.symbol)
            if instrument is None:
                if tick.symbol not in self._unknown:
                    self._unknown.add(tick.symbol)
                    _log.warning("replay leaves out a symbol that is no instrument", symbol=tick.symbol)
                continue
            if not has_possible_prices(tick, instrument):
                raise FeedError(f"{tick.symbol} at {tick.at.isoformat()}: its price cannot be zero or below")
            if tick.symbol not in self._begun:
                self._begun.add(tick.symbol)
                # The volume that an earlier replay of the same day has left behind does not count again.
                known.append(QuoteTick(tick.symbol, tick.at, volume=ZERO))
            known.append(tick)
        return known


class _Clock:
    """Turns the times of ticks into waiting times."""

    def __init__(self, speed: float | None, now: Callable[[], float]) -> None:
        self._speed = speed
        self._now = now
        self._last: Nanos | None = None
        self._due = now()

    def wait_for(self, at: Nanos) -> float:
        """Seconds until a tick of time ``at`` is due; asked in the order of ticks, any number of times for each."""
        if self._speed is None:
            return 0.0
        silence = cast(float, at - (at if self._last is None else self._last)) / NANOS_PER_SECOND
        if silence > LONGEST_SILENCE_SECONDS:
            self._due += _CUT_SILENCE_SECONDS
        else:
            self._due += silence / self._speed
        self._last = at
        return self._due - self._now()


def _time_of(tick: Tick) -> Nanos:
    return tick.at
