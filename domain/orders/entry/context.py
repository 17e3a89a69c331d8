"""The dependencies of order use cases, put together once per process."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from domain.access.authentication import TOPIC as ACCESS
from domain.access.authentication import Authenticator
from domain.accounts.types import AccountBook
from domain.kernel.bus import Bus
from domain.kernel.cache import VersionedCache
from domain.kernel.day_roll import DayRoll
from domain.kernel.time import utc_now
from domain.kernel.topic_queries import load_versions, read_versions
from domain.kernel.tracing import Tracing
from domain.kernel.unit_of_work import UnitOfWork
from domain.market.market import TOPIC as INSTRUMENTS
from domain.market.market import Market
from domain.market.types import Instrument
from domain.orders.deciding.activity import ActivityNeeds, OrderActivity, needs_of
from domain.orders.deciding.trading_book import MarketState, TradingBook
from domain.orders.exchange.paper import PAPER
from domain.orders.model.commands import PlaceOrder
from domain.orders.model.types import TimeInForce
from domain.orders.venues.support import NOTHING
from domain.orders.venues.types import Capabilities
from domain.positions.exposure import Marks
from domain.positions.service import free_funds
from domain.positions.types import PositionBook, PositionKey
from domain.risk.store import TOPIC as LIMITS
from domain.risk.types import RiskLimits


class StaleCache(Exception):
    """A cached value has changed: decide again with the new one. Nothing was written."""

    def __init__(self, versions: Mapping[str, int]) -> None:
        super().__init__("a cache is stale")
        self.versions = versions


@dataclass(frozen=True, slots=True)
class ReferenceData:
    """The cached inputs of decisions, with their versions by topic, and what the limits need to know of orders.

    ``check`` proves inside a transaction that all of it is current.
    """

    instruments: Mapping[str, Instrument]
    by_id: Mapping[UUID, Instrument]
    limits: RiskLimits
    needs: ActivityNeeds
    versions: Mapping[str, int]

    def instrument_ids(self, symbols: Iterable[str]) -> set[UUID]:
        """The ids of the instruments of ``symbols``, without those that do not exist."""
        return {self.instruments[symbol].id for symbol in symbols if symbol in self.instruments}

    async def check(self, work: UnitOfWork) -> None:
        """Compare with the versions in the database.

        Raises:
            StaleCache: one of them is newer; the caller rolls back and tries again.
        """
        self.compare(await load_versions(work))

    def compare(self, versions: Mapping[str, int]) -> None:
        """Compare with versions that were read inside the transaction.

        Raises:
            StaleCache: one of them is newer.
        """
        if any(versions.get(topic, 0) > version for topic, version in self.versions.items()):
            raise StaleCache(versions)


@dataclass(slots=True)
class OrderContext:
    """The dependencies of the order area; each use case takes it first.

    ``venues`` holds the capabilities of the configured venues, by name; the paper venue is not among them.
    """

    bus: Bus
    market: Market
    authenticator: Authenticator
    limits: VersionedCache[RiskLimits]
    day_roll: DayRoll
    clock: Callable[[], datetime] = utc_now
    venues: Mapping[str, Capabilities] = field(default_factory=dict)
    # None: nothing is traced.
    tracing: Tracing | None = None
    _held: ReferenceData | None = field(default=None, init=False, repr=False)

    def venue(self, name: str) -> Capabilities | None:
        """The capabilities of a venue; None for the paper venue, which can execute everything."""
        return None if name == PAPER else self.venues.get(name, NOTHING)

    def trading_book(
        self,
        account: AccountBook,
        positions: dict[PositionKey, PositionBook],
        activity: OrderActivity,
        reference_data: ReferenceData,
    ) -> TradingBook:
        """The trading book of an account: its positions and activity, with the reference data."""
        free = free_funds(account, positions.values(), reference_data.by_id, self.market.quote)
        marks = Marks(reference_data.by_id, self.market.quote, self.market.is_stale)
        return TradingBook(account, positions, free, self.venue(account.venue), reference_data.limits, marks, activity)

    async def reference_data(self) -> ReferenceData:
        """The cached reference data."""
        catalog_version, catalog = await self.market.instruments.held()
        limits_version, limits = await self.limits.held()
        access_version, _ = await self.authenticator.cache.held()
        versions = {INSTRUMENTS: catalog_version, LIMITS: limits_version, ACCESS: access_version}
        if self._held is None or self._held.versions != versions:
            self._held = ReferenceData(catalog.by_symbol, catalog.by_id, limits, needs_of(limits.rules), versions)
        return self._held

    async def refresh(self) -> None:
        """Bring the caches up to date with the database."""
        await self.renew(await read_versions())

    async def renew(self, versions: Mapping[str, int]) -> None:
        """Bring the caches to at least these versions."""
        for cache in (self.market.instruments, self.limits, self.authenticator.cache):
            await cache.at(versions.get(cache.topic, 0))

    def market_state(self, instrument: Instrument, now: datetime, currency: str) -> MarketState:
        """The market of an instrument as decisions of an account in ``currency`` see it."""
        symbol, market = instrument.symbol, self.market
        return MarketState(
            market.quote_at(instrument, now),
            market.is_stale(symbol),
            market.is_open(instrument, now),
            market.conversion(instrument.currency, currency),
            market.age(symbol),
            now,
        )

    def works_until(self, command: PlaceOrder, instrument: Instrument, now: datetime) -> datetime | None:
        """The expiry of an order: its own, or that of a DAY order: the session's end, else the day roll."""
        if command.expires_at is not None or command.time_in_force is not TimeInForce.DAY:
            return command.expires_at
        return self.market.session_end(instrument, now) or self.day_roll.next_after(now)


class Markets:
    """The markets that one batch has asked for: all of its orders meet an instrument's market of one moment."""

    def __init__(self, context: OrderContext) -> None:
        self._context = context
        self._known: dict[tuple[UUID, str], MarketState] = {}

    def state(self, instrument: Instrument, now: datetime, currency: str) -> MarketState:
        """The market of an instrument as decisions of an account in ``currency`` see it."""
        key = (instrument.id, currency)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._context.market_state(instrument, now, currency)
        return found
