"""The inspection of the platform: its servers, the engine's roles, feeds, the schedule, the books and the machine."""

import asyncio
import os
import pkgutil
import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import timedelta

import asyncpg
import psutil

import migrations
from adapters.database.leases import read_roles
from adapters.probe import Probe
from adapters.redis.bus import RedisBus
from adapters.redis.process_board import ProcessBoard
from adapters.redis.tick_stream import RedisTickStream
from adapters.settings.loading import Settings
from adapters.version import VERSION
from domain.kernel.database import fetch, ping, pool_use
from domain.kernel.errors import Unavailable
from domain.kernel.time import utc_now
from domain.market.market import Market
from domain.system import health
from domain.system.figure_queries import read_figures
from domain.system.health import ComponentHealth, FeedFacts, SystemHealth
from domain.system.health_queries import read_facts, read_trading_load
from domain.system.process_load import WINDOW_SECONDS, ProcessLoad, combined, percentile_ms
from domain.system.types import NamedCount, SystemMetrics

# However many ask, the servers are looked at this often.
REMEMBERED_SECONDS = 0.9
# A server that has not answered by then counts as down; together with the pause between looks it is less than the five
# seconds within which a change is told.
PATIENCE_SECONDS = 2.5
_BUS_TIMEOUT_SECONDS = 1.0
_ECHO = "echo:"


class PlatformInspection:
    """The platform as one process sees it. ``own`` gives the process's own load."""

    def __init__(
        self,
        settings: Settings,
        bus: RedisBus,
        ticks: RedisTickStream,
        market: Market,
        board: ProcessBoard,
        venues: frozenset[str],
    ) -> None:
        self.settings = settings
        self.board = board
        self.own: Callable[[], ProcessLoad] = lambda: combined([])
        self._bus = bus
        self._ticks = ticks
        self._market = market
        self._venues = venues
        self._started_at = utc_now()
        self._looking = asyncio.Lock()
        self._health: tuple[float, SystemHealth] | None = None
        self._metrics: tuple[float, SystemMetrics] | None = None
        self._database = Probe(_database_ms, PATIENCE_SECONDS)
        self._redis = Probe(self._redis_ms, PATIENCE_SECONDS)
        self._echo = Probe(self._echo_ms, PATIENCE_SECONDS)
        self._stored = Probe(self._from_database, PATIENCE_SECONDS)

    async def close(self) -> None:
        """Give up questions that are not answered."""
        for probe in (self._database, self._redis, self._echo, self._stored):
            await probe.close()

    async def servers(self) -> dict[str, bool]:
        """True for each server that answers in time."""
        database, redis = await asyncio.gather(self._database(), self._redis())
        return {"database": database is not None, "redis": redis is not None}

    async def health(self) -> SystemHealth:
        """The state of the components, at most a second old.

        A failing check is a component that is down, never an error. It is known within seconds, whatever hangs.
        """
        async with self._looking:
            known = self._health
            if known is None or time.monotonic() - known[0] > REMEMBERED_SECONDS:
                known = self._health = time.monotonic(), await self._look()
            return known[1]

    async def metrics(self) -> SystemMetrics:
        """The load of the machine, of all web processes and of trading, at most a second old.

        Raises:
            Unavailable: the database cannot be reached.
        """
        known = self._metrics
        if known is None or time.monotonic() - known[0] > REMEMBERED_SECONDS:
            known = self._metrics = time.monotonic(), await self._measure()
        return known[1]

    async def _look(self) -> SystemHealth:
        database, redis, echo, stored = await asyncio.gather(
            self._database(), self._redis(), self._echo(), self._stored()
        )
        parts = [health.of_server("postgresql", database), health.of_server("redis", redis), health.of_bus(echo)]
        parts += self._unseen() if stored is None else stored
        parts += self._feeds()
        parts.append(health.of_disk(psutil.disk_usage(str(self.settings.data_dir)).percent))
        return SystemHealth(health.whole(parts), VERSION, self._started_at, tuple(parts), utc_now())

    async def _redis_ms(self) -> float | None:
        begun = time.perf_counter()
        return _since(begun) if await self._ticks.answers() else None

    async def _echo_ms(self) -> float | None:
        """The travel time of a message over the bus and back; None when it does not come."""
        channel = f"{_ECHO}{secrets.token_hex(8)}"
        try:
            async with asyncio.timeout(_BUS_TIMEOUT_SECONDS), self._bus.listen(channel) as messages:
                begun = time.perf_counter()
                self._bus.send([(channel, b"")])
                async for message in messages:
                    if message[0] == channel:
                        return _since(begun)
        except (TimeoutError, Unavailable):
            return None
        return None

    async def _from_database(self) -> list[ComponentHealth] | None:
        try:
            pending = await _pending_migrations()
            if pending:
                # The tables that the rest is read from may be among what is missing.
                return [*self._unseen()[:-1], health.of_migrations(pending)]
            roles = await read_roles(health.engine_roles(self._venues, accepts_fix=self.settings.fix is not None))
            return health.of_facts(self._venues, roles, await read_facts())
        except Unavailable:
            return None

    def _unseen(self) -> list[ComponentHealth]:
        return health.unseen(self._venues, accepts_fix=self.settings.fix is not None)

    def _feeds(self) -> list[ComponentHealth]:
        stale = timedelta(seconds=self.settings.quote_stale_seconds)
        return [health.of_feed(exchange, facts, stale) for exchange, facts in sorted(self._feed_facts().items())]

    def feed_ages(self) -> dict[str, timedelta]:
        """By exchange the age of the newest quote, where there is one and trading is on."""
        return {exchange: facts.newest for exchange, facts in self._feed_facts().items() if facts.is_open}

    def _feed_facts(self) -> dict[str, FeedFacts]:
        """By exchange the quotes of its instruments that trade now; of all of them where none does."""
        ages: dict[str, dict[bool, list[timedelta]]] = defaultdict(lambda: {True: [], False: []})
        now = utc_now()
        for quote in self._market.quotes():
            instrument = self._market.instrument(quote.symbol)
            age = self._market.age(quote.symbol)
            if instrument is not None and age is not None:
                ages[instrument.exchange][self._market.is_open(instrument, now)].append(age)
        stale = timedelta(seconds=self.settings.quote_stale_seconds)
        found = {exchange: (bool(each[True]), each[True] or each[False]) for exchange, each in ages.items()}
        return {
            exchange: FeedFacts(is_open, min(given), max(given), len(given), sum(age > stale for age in given))
            for exchange, (is_open, given) in found.items()
        }

    async def _measure(self) -> SystemMetrics:
        load = combined([self.own(), *await self.board.others()])
        trading, figures = await read_trading_load(), await read_figures()
        return SystemMetrics(
            at=utc_now(),
            cpu_percent=psutil.cpu_percent(),
            memory_percent=psutil.virtual_memory().percent,
            memory_bytes=float(psutil.Process().memory_info().rss),
            disk_percent=psutil.disk_usage(str(self.settings.data_dir)).percent,
            load_average=os.getloadavg()[0],
            requests_per_second=load.operations / WINDOW_SECONDS,
            error_rate=load.errors / load.operations if load.operations else 0.0,
            latency_p50_ms=percentile_ms(load, 0.5),
            latency_p99_ms=percentile_ms(load, 0.99),
            orders_per_second=trading.orders_per_second,
            executions_per_second=trading.executions_per_second,
            open_orders=trading.open_orders,
            subscriptions=load.subscriptions,
            event_lag_ms=await self._echo(),
            queue_depth=trading.queue_depth,
            orders_last_minute=_counts(figures.orders),
            rejects_last_minute=_counts(figures.rejects),
            order_to_fill_p50_ms=_milliseconds(figures.fill_p50_seconds),
            order_to_fill_p99_ms=_milliseconds(figures.fill_p99_seconds),
            database_connections=sum(pool_use().values()),
        )


async def _pending_migrations() -> set[str]:
    wanted = {module.name for module in pkgutil.iter_modules(migrations.__path__)}
    try:
        return wanted - {row["name"] for row in await fetch("SELECT name FROM tortoise_migrations")}
    except asyncpg.UndefinedTableError:
        return wanted


async def _database_ms() -> float | None:
    begun = time.perf_counter()
    try:
        await ping()
    except Unavailable:
        return None
    return _since(begun)


def _counts(numbers: Mapping[str, int]) -> tuple[NamedCount, ...]:
    return tuple(NamedCount(name, number) for name, number in sorted(numbers.items()))


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1_000


def _since(begun: float) -> float:
    return (time.perf_counter() - begun) * 1_000
