"""A platform with a loopback venue beside the paper one, and the router that speaks to it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from adapters.database.leases import hold_lease
from adapters.settings.loading import load_settings
from adapters.venues.registry import ConfiguredVenue
from adapters.wiring import open_services
from domain.access.types import Actor, Role
from domain.accounts.event_queries import read_events
from domain.accounts.types import AccountBook
from domain.kernel.database import fetch
from domain.kernel.ids import new_id
from domain.orders.books.proof import prove_book
from domain.orders.model.events import read_order_event
from domain.orders.model.order import Order
from domain.orders.model.types import OrderStatus
from domain.orders.queries import read_orders
from tests.orders.factories import SPOT
from tests.support.loopback import LoopbackVenue
from tests.support.trading import Platform, add_actor, environment
from tests.support.waiting import until
from workers.remote import RemoteVenueLoop
from workers.venue_loop import role_of

GRACE_NANOS = 300_000_000
RECONCILE_SECONDS = 0.3
LOOPBACK = "loopback"


@dataclass(slots=True)
class RemoteDesk:
    """A platform with a real venue, for tests."""

    whole: Platform
    venue: LoopbackVenue

    async def open_account(self, cash: str = "10000", **others: Any) -> tuple[Actor, AccountBook]:
        """An account at the venue."""
        return await self.whole.open_account(cash, venue=LOOPBACK, **others)

    async def quote(self, bid: str, ask: str, size: str = "1000") -> None:
        """Publish a quote at the venue and on the platform."""
        self.venue.quote("COIN", bid, ask, size)
        await self.whole.quote("COIN", bid, ask, size)

    async def became(self, order: Order, status: OrderStatus) -> Order:
        """The order once it has that status and nothing about it is pending."""

        async def there() -> Order | None:
            found = (await read_orders([order.id]))[order.id]
            return found if found.status is status and found.pending_action is None else None

        return await until(there)

    async def events(self, order: Order) -> list[str]:
        """The events of an order."""
        told = [read_order_event(event) for event in await read_events(order.account_id, 0)]
        return [event.kind for event in told if event is not None and event.order.id == order.id]

    async def prove(self, account: AccountBook) -> None:
        """Assert that the account's books follow from its executions."""
        catalog = await self.whole.services.market.catalog()
        assert (await prove_book(account.id, catalog.by_id)).breaks == []

    async def quiet(self) -> None:
        """Wait until every request is answered."""

        async def nothing() -> bool:
            rows = await fetch("SELECT count(*) AS n FROM venue_requests")
            return rows[0]["n"] == 0

        await until(nothing)

    async def differences(self) -> list[tuple[str, str, bool]]:
        """All differences ever found: kind, subject, and true if it still exists."""
        rows = await fetch("SELECT kind, subject, cleared_at IS NULL AS open FROM venue_differences ORDER BY id")
        return [(row["kind"], row["subject"], row["open"]) for row in rows]


@asynccontextmanager
async def remote_desk(
    database_url: str, redis_url: str, folder: Path, venue: LoopbackVenue
) -> AsyncIterator[RemoteDesk]:
    """A platform whose settings name the venue, a coin that quotes around 100, and no router yet."""

    @asynccontextmanager
    async def opened(_market: object) -> AsyncIterator[LoopbackVenue]:
        yield venue

    settings = environment(database_url, redis_url, folder) | {"TRADEGRAPH_VENUES": f"{LOOPBACK}={LOOPBACK}"}
    gateway = {LOOPBACK: lambda setting: ConfiguredVenue(setting.name, venue.capabilities, opened)}
    async with open_services(load_settings(settings), gateway) as services:
        whole = Platform(services, await add_actor(services, Role.ADMIN))
        await whole.add_instrument(replace(SPOT, id=new_id()))
        desk = RemoteDesk(whole, venue)
        await desk.quote("99.99", "100.01")
        yield desk


@asynccontextmanager
async def running_remote(desk: RemoteDesk) -> AsyncIterator[None]:
    """The venue's router, built from stored rows and the venue's answers; it is cancelled at the end."""
    services = desk.whole.services
    async with hold_lease(services.settings.database_url, role_of(LOOPBACK)) as lease:
        router = RemoteVenueLoop(
            desk.venue,
            services.bus,
            services.market,
            services.ticks,
            lease,
            grace_nanos=GRACE_NANOS,
            reconcile_seconds=RECONCILE_SECONDS,
        )
        running = asyncio.create_task(router.run())
        try:
            yield
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
