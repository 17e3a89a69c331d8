"""The simulated feed: the demo instruments' markets, a few ticks a second each, while their exchanges are open."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from itertools import islice

from adapters.demo import Demo, demo_instruments
from adapters.feeds.feed import MAX_BATCH
from adapters.feeds.walk import Walk
from domain.kernel.time import Nanos
from domain.market.market import Market
from domain.market.types import Tick

SEED = 20_260_101
STEP_SECONDS = 0.25
# How often it looks for demo instruments that were created since.
_LOOK_EVERY_STEPS = 20


class SimFeed:
    """Each existing demo instrument continues from its last price; one without a price starts at its own."""

    replays = False
    unpaced = False

    def __init__(self, market: Market, *, seed: int = SEED, step_seconds: float = STEP_SECONDS) -> None:
        self._market = market
        self._seed = seed
        self._step_seconds = step_seconds
        self._demos = {demo.instrument.symbol: demo for demo in demo_instruments()}
        self._walks: dict[str, Walk] = {}

    async def batches(self) -> AsyncIterator[Sequence[Tick]]:
        """Batches of ticks without end."""
        steps = 0
        while True:
            ticks: list[Tick] = []
            if steps % _LOOK_EVERY_STEPS == 0:
                ticks += await self._begin()
            ticks += self._step()
            for batch in _cut(ticks):
                yield batch
            steps += 1
            await asyncio.sleep(self._step_seconds)

    async def _begin(self) -> list[Tick]:
        """Start the markets of new instruments, each with a quote, also where the exchange is closed."""
        catalog = await self._market.catalog()
        ticks: list[Tick] = []
        for symbol, demo in self._demos.items():
            if symbol in catalog.by_symbol and symbol not in self._walks:
                ticks += self._open(demo, Nanos.now())
        return ticks

    def _open(self, demo: Demo, now: Nanos) -> list[Tick]:
        symbol = demo.instrument.symbol
        quote = self._market.quote(symbol)
        known = quote.reference if quote is not None else None
        walk = self._walks[symbol] = Walk(demo, self._seed, known or demo.motion.price)
        if known is not None:
            return [walk.first(now)]
        # A price of the day before, so that there is a previous close from the start.
        yesterday = Nanos(self._market.day_of(symbol, now).starts - 1)
        return [walk.close(yesterday), walk.first(now)]

    def _step(self) -> list[Tick]:
        now = Nanos.now()
        moment = now.to_datetime()
        ticks: list[Tick] = []
        for symbol, walk in self._walks.items():
            instrument = self._market.instrument(symbol)
            if instrument is not None and self._market.is_open(instrument, moment):
                ticks += walk.step(now)
        return ticks


def _cut(ticks: Sequence[Tick]) -> list[Sequence[Tick]]:
    rest = iter(ticks)
    return list(iter(lambda: tuple(islice(rest, MAX_BATCH)), ()))
