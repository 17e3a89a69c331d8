"""The inspection of the platform: its servers, the engine's roles, feeds, the schedule, the books and the machine."""

import asyncio
import os
import pkgutil
import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import psutil

import migrations
from adapters.bus import RedisBus
from adapters.leases import held_roles
from adapters.process_board import ProcessBoard
from adapters.settings import Settings
from adapters.tick_stream import RedisTickStream
from adapters.version import VERSION
from domain.kernel.database import fetch, pool_use
from domain.kernel.errors import Unavailable
from domain.kernel.time import utc_now
from domain.market.market import Market
from domain.system import health
from domain.system.figure_queries import read_figures
from domain.system.health import ComponentHealth, ComponentState, SystemHealth
from domain.system.health_queries import read_facts, read_trading_load
from domain.system.process_load import WINDOW_SECONDS, ProcessLoad, combined, percentile_ms
from domain.system.types import NamedCount, SystemMetrics

# However many ask, the servers are looked at this often.
REMEMBERED_SECONDS = 1.0
_BUS_TIMEOUT_SECONDS = 1.0
_ECHO = "echo:"


@dataclass(slots=True)
class Inspection:
    """The platform as one process sees it. ``own`` gives the process's own load."""

    settings: Settings
    bus: RedisBus
    ticks: RedisTickStream
    market: Market
    board: ProcessBoard
    venues: frozenset[str]
    started_at: datetime
    own: Callable[[], ProcessLoad] = lambda: combined([])
    _health: tuple[float, SystemHealth] | None = None
    _metrics: tuple[float, SystemMetrics] | None = None

    async def health(self) -> SystemHealth:
        """The state of the components, at most a second old.

        A failing check is a component that is down, never an error.
        """
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
        parts = [await self._database(), await self._redis(), health.of_bus(await self._echo_ms())]
        if parts[0].state is ComponentState.UP:
            with suppress(Unavailable):
                parts += await self._from_database()
        parts += self._feeds()
        parts.append(health.of_disk(psutil.disk_usage(str(self.settings.data_dir)).percent))
        return SystemHealth(health.whole(parts), VERSION, self.started_at, tuple(parts), utc_now())

    async def _database(self) -> ComponentHealth:
        begun = time.perf_counter()
        try:
            await fetch("SELECT 1")
        except Unavailable as error:
            return ComponentHealth("postgresql", ComponentState.DOWN, detail=error.message)
        return ComponentHealth("postgresql", ComponentState.UP, _since(begun))

    async def _redis(self) -> ComponentHealth:
        begun = time.perf_counter()
        if await self.ticks.answers():
            return ComponentHealth("redis", ComponentState.UP, _since(begun))
        return ComponentHealth("redis", ComponentState.DOWN, detail="It does not answer.")

    async def _echo_ms(self) -> float | None:
        """The travel time of a message over the bus and back; None when it does not come."""
        channel = f"{_ECHO}{secrets.token_hex(8)}"
        try:
            async with asyncio.timeout(_BUS_TIMEOUT_SECONDS), self.bus.listen(channel) as messages:
                begun = time.perf_counter()
                self.bus.send([(channel, b"")])
                async for message in messages:
                    if message[0] == channel:
                        return _since(begun)
        except (TimeoutError, Unavailable):
            return None
        return None

    async def _from_database(self) -> list[ComponentHealth]:
        facts = await read_facts()
        applied = {row["name"] for row in await fetch("SELECT name FROM tortoise_migrations")}
        wanted = {module.name for module in pkgutil.iter_modules(migrations.__path__)}
        roles = health.engine_roles(self.venues)
        played = await held_roles(roles)
        return [
            *(health.of_role(role, is_played=role in played) for role in roles),
            *(health.of_commands(venue, facts.commands.get(venue)) for venue in sorted(self.venues)),
            health.of_schedule(facts.task_lag),
            health.of_proof(facts.proof_state, facts.proved_at, facts.at),
            health.of_migrations(wanted - applied),
        ]

    def _feeds(self) -> list[ComponentHealth]:
        stale = timedelta(seconds=self.settings.quote_stale_seconds)
        return [health.of_feed(exchange, age, stale) for exchange, age in sorted(self.feed_ages().items())]

    def feed_ages(self) -> dict[str, timedelta]:
        """By exchange the age of the newest quote, where there is one and trading is on."""
        ages: dict[str, list[timedelta]] = defaultdict(list)
        now = utc_now()
        for quote in self.market.quotes():
            instrument = self.market.instrument(quote.symbol)
            age = self.market.age(quote.symbol)
            if instrument is not None and age is not None and self.market.is_open(instrument, now):
                ages[instrument.exchange].append(age)
        return {exchange: min(found) for exchange, found in ages.items()}

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
            event_lag_ms=await self._echo_ms(),
            queue_depth=trading.queue_depth,
            orders_last_minute=_counts(figures.orders),
            rejects_last_minute=_counts(figures.rejects),
            order_to_fill_p50_ms=_milliseconds(figures.fill_p50_seconds),
            order_to_fill_p99_ms=_milliseconds(figures.fill_p99_seconds),
            database_connections=sum(pool_use().values()),
        )


def _counts(numbers: Mapping[str, int]) -> tuple[NamedCount, ...]:
    return tuple(NamedCount(name, number) for name, number in sorted(numbers.items()))


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1_000


def _since(begun: float) -> float:
    return (time.perf_counter() - begun) * 1_000
