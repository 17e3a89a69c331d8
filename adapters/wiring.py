"""The composition root: the one place that names concrete classes and puts a process together."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field

import structlog

from adapters.database.connection import database
from adapters.health import PATIENCE_SECONDS, PlatformInspection
from adapters.metrics.scrape import Scrapes
from adapters.notifications.encryption import SecretVault
from adapters.notifications.messenger import OutsideMessenger
from adapters.probe import Probe
from adapters.redis.bus import RedisBus
from adapters.redis.process_board import ProcessBoard
from adapters.redis.request_rates import SharedRates
from adapters.redis.throttle import RedisThrottle
from adapters.redis.tick_stream import RedisTickStream
from adapters.settings.loading import Settings
from adapters.venues.crypto.gateway import GATEWAY as CCXT
from adapters.venues.crypto.gateway import crypto_venue
from adapters.venues.fix.gateway import GATEWAY as FIX
from adapters.venues.fix.gateway import fix_venue
from adapters.venues.registry import ConfiguredVenue, Gateway, configure
from domain.access.service import Access, make_access
from domain.accounts.log import AccountLogs
from domain.anomalies.anomaly import Anomaly
from domain.anomalies.cases.log import case_log
from domain.anomalies.cases.types import CaseEvent
from domain.anomalies.log import anomaly_log
from domain.kernel.bus import LOST
from domain.kernel.cache import CHANNEL, VersionedCache
from domain.kernel.concurrency import end_tasks
from domain.kernel.errors import Unavailable
from domain.kernel.log_tail import StoredLog
from domain.kernel.read_cache import ReadCache
from domain.kernel.tracing import Tracing
from domain.market.clocks import ClockBounds
from domain.market.market import Market
from domain.orders.entry.canceling import OrderCanceling
from domain.orders.entry.closing import PositionClosing
from domain.orders.entry.context import OrderContext
from domain.orders.entry.modifying import OrderModifying
from domain.orders.entry.placing import OrderEntry
from domain.orders.exchange.paper import PAPER
from domain.orders.protection.unconfirmed_queries import read_late_commands
from domain.orders.venues.queries import VenueCondition, read_condition
from domain.positions.live import LiveBooks
from domain.positions.service import Books
from domain.risk.events import risk_log
from domain.risk.store import TOPIC as LIMITS
from domain.risk.store import read_limits
from domain.risk.types import RiskEvent
from domain.system.health import ComponentState, is_trading
from domain.system.notifications.service import Notifications
from domain.system.process_load import ProcessLoad

# The kinds of venues that can be configured, by the name that settings give.
GATEWAYS: Mapping[str, Gateway] = {CCXT: crypto_venue, FIX: fix_venue}
_log = structlog.stdlib.get_logger("process")


@dataclass(slots=True)
class ProcessServices:
    """All dependencies of use cases in one process."""

    settings: Settings
    bus: RedisBus
    ticks: RedisTickStream
    access: Access
    market: Market
    entry: OrderEntry
    modifying: OrderModifying
    canceling: OrderCanceling
    closing: PositionClosing
    books: Books
    logs: AccountLogs
    live: LiveBooks
    inspection: PlatformInspection
    notifications: Notifications
    scrapes: Scrapes
    rates: SharedRates
    reads: ReadCache
    gateways: Mapping[str, ConfiguredVenue] = field(default_factory=dict)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _on_rights: list[Callable[[], None]] = field(default_factory=list)
    _late: Probe[bool] = field(default_factory=lambda: Probe(_late_commands, PATIENCE_SECONDS))

    @property
    def risk_log(self) -> StoredLog[RiskEvent]:
        """The log of risk events, as this process follows it."""
        return risk_log(self.bus)

    @property
    def anomaly_log(self) -> StoredLog[Anomaly]:
        """The log of anomalies."""
        return anomaly_log(self.bus)

    @property
    def case_log(self) -> StoredLog[CaseEvent]:
        """The log of steps of cases."""
        return case_log(self.bus)

    @property
    def services(self) -> "ProcessServices":
        """This object: the web process's runtime consists of it alone."""
        return self

    @property
    def venues(self) -> frozenset[str]:
        """The names of the venues that accounts may be opened at."""
        return frozenset({PAPER, *self.gateways})

    @property
    def order_context(self) -> OrderContext:
        """The dependencies of the order use cases."""
        return self.entry.context

    async def end(self) -> None:
        """End the tasks of this process, and give up questions that are not answered."""
        await end_tasks(*self.tasks, *self.scrapes.tasks)
        await self._late.close()

    def on_rights_changed(self, tell: Callable[[], None]) -> None:
        """Call ``tell`` whenever rights have changed, once this process has loaded them."""
        self._on_rights.append(tell)

    def shows_load(self, load: Callable[[], ProcessLoad]) -> None:
        """Publish this process's load, given by ``load``, while the services are open."""
        self.inspection.own = load
        self.tasks.append(asyncio.create_task(self.inspection.board.show(load)))

    async def check(self) -> Mapping[str, bool]:
        """The checks of readiness: database with schema, Redis, an engine, and venues that take their commands."""
        found, late = await asyncio.gather(self.inspection.health(), self._late())
        state = {part.name: part.state for part in found.components}
        return {
            "database": ComponentState.DOWN not in (state["postgresql"], state["migrations"]),
            "redis": state["redis"] is not ComponentState.DOWN,
            "engine": is_trading(found.components),
            "commands": not late,
        }

    async def venue_condition(self) -> VenueCondition:
        """The condition of the real venues.

        Raises:
            Unavailable: the database cannot be reached.
        """
        return await read_condition()

    async def follow_versions(self) -> None:
        """Refresh caches after change notices; a poll finds lost ones."""
        caches: dict[str, VersionedCache[object]] = {
            cache.topic: cache  # type: ignore[misc]  # caches of different values
            for cache in (self.market.instruments, self.order_context.limits, self.access.authenticator.cache)
        }
        async with self.bus.listen(CHANNEL) as messages:
            async for message in messages:
                topics = list(caches) if message == LOST else [message[1].decode().partition(" ")[0]]
                for topic in topics:
                    with suppress(Unavailable):
                        await self._renew(topic, caches)

    async def _renew(self, topic: str, caches: Mapping[str, VersionedCache[object]]) -> None:
        if topic == self.access.authenticator.cache.topic:
            await self.access.authenticator.refresh()
            for tell in self._on_rights:
                tell()
        elif topic in caches:
            await caches[topic].refresh()


async def _late_commands() -> bool:
    try:
        return bool(await read_late_commands())
    except Unavailable:
        return False


@asynccontextmanager
async def open_services(
    settings: Settings, gateways: Mapping[str, Gateway] = GATEWAYS, *, tracing: Tracing | None = None
) -> AsyncIterator[ProcessServices]:
    """Open the database, the bus and everything on top of them; close all of it at the end.

    ``tracing`` records traced requests.

    Raises:
        Unavailable: the database cannot be reached.
        VenueSettingError: a venue is configured in a way that its gateway cannot use.
    """
    venues = configure(settings.venues, gateways)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(database(settings.database_url, pooler=bool(settings.pooler)))
        bus = await stack.enter_async_context(RedisBus(settings.redis_url))
        ticks = await stack.enter_async_context(RedisTickStream(settings.redis_url))
        board = await stack.enter_async_context(ProcessBoard(settings.redis_url))
        throttle = await stack.enter_async_context(RedisThrottle(settings.redis_url))
        rates = await stack.enter_async_context(SharedRates(settings.redis_url, settings.rates()))
        access = make_access(secret=settings.secret, bus=bus, throttle=throttle)
        stack.push_async_callback(access.close)
        bounds = ClockBounds(settings.quote_stale_seconds, settings.quote_ahead_seconds)
        market = await stack.enter_async_context(Market(ticks, settings.day_roll, bounds=bounds))
        limits = VersionedCache(LIMITS, read_limits)
        can, roll = {name: venue.capabilities for name, venue in venues.items()}, settings.day_roll
        context = OrderContext(bus, market, access.authenticator, limits, roll, venues=can, tracing=tracing)
        entry, closing = OrderEntry(context), PositionClosing(context)
        modifying = OrderModifying(entry)
        books, logs = Books(market), AccountLogs(bus)
        reads = ReadCache()
        messenger = OutsideMessenger(settings.notify_networks)
        stack.callback(messenger.close)
        live = LiveBooks(market, logs)
        inspection = PlatformInspection(settings, bus, ticks, market, board, frozenset({PAPER, *venues}))
        stack.push_async_callback(inspection.close)
        services = ProcessServices(
            settings,
            bus,
            ticks,
            access,
            market,
            entry,
            modifying,
            OrderCanceling(context),
            closing,
            books,
            logs,
            live,
            inspection,
            Notifications(bus, messenger, SecretVault(settings.secret), settings.desk_url),
            Scrapes(inspection, reads, settings.metrics_token),
            rates,
            reads,
            venues,
        )
        services.tasks.append(asyncio.create_task(services.follow_versions()))
        try:
            yield services
        finally:
            await services.end()
