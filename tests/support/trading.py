"""A whole platform in the test's own process: services, the paper venue's router, people and instruments."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from adapters.database.leases import hold_lease
from adapters.settings.loading import load_settings
from adapters.wiring import ProcessServices, open_services
from domain.access.types import OWNED, Actor, Role
from domain.accounts.service import MoveCash, OpenAccount, deposit, open_account
from domain.accounts.types import AccountBook
from domain.kernel.ids import new_id
from domain.kernel.time import Nanos, utc_now
from domain.kernel.tracing import Tracing
from domain.kernel.unit_of_work import unit_of_work
from domain.market.costs import cost_at
from domain.market.service import create_instrument, publish_quotes
from domain.market.types import Instrument, QuoteTick
from domain.orders.model.commands import PlaceOrder
from domain.orders.model.order import Order
from domain.orders.queries import read_orders
from domain.positions.queries import write_positions
from domain.positions.types import Bucket, PositionBook
from tests.orders.factories import SPOT
from tests.support.waiting import until
from workers.venue import ROLE, PaperVenueLoop


@dataclass(slots=True)
class Platform:
    """The parts that tests of trading use."""

    services: ProcessServices
    admin: Actor

    async def add_actor(self, role: Role = Role.TRADER, **others: Any) -> Actor:
        """A new user as an actor."""
        return await add_actor(self.services, role, **others)

    async def add_instrument(self, instrument: Instrument) -> Instrument:
        """Create it."""
        return await create_instrument(self.services.bus, self.services.market, self.admin, instrument)

    async def quote(self, symbol: str, bid: str, ask: str, size: str = "1000", **others: Any) -> None:
        """Publish a quote and wait until this process sees it."""
        tick = QuoteTick(symbol, Nanos.now(), Decimal(bid), Decimal(ask), Decimal(size), Decimal(size), **others)
        await publish_quotes(self.services.market, self.admin, [tick])

    async def open_account(self, cash: str = "0", **others: Any) -> tuple[Actor, AccountBook]:
        """An account with its owner, and cash in it."""
        actor = await self.add_actor()
        command = OpenAccount(**({"name": "Test", "currency": "USD"} | others))
        book = await open_account(self.services.access, actor, command, venues=self.services.venues)
        owner = Actor(actor.user_id, actor.email, actor.role, {book.id: OWNED})
        if Decimal(cash):
            await deposit(self.services.bus, owner, MoveCash(book.id, Decimal(cash), "opening"))
        return owner, book

    async def give(self, account_id: UUID, symbol: str, quantity: str, price: str = "100") -> None:
        """Add a position without an execution: the proof of its account's books then fails."""
        instrument = await self.services.market.find(symbol)
        position = PositionBook(new_id(), account_id, instrument.id, Bucket.NET)
        position.quantity, position.average_price, position.changed = Decimal(quantity), Decimal(price), True
        position.cost = cost_at(instrument, position.quantity, position.average_price)
        async with unit_of_work(self.services.bus) as work:
            await write_positions(work, [position])
            await work.execute("UPDATE accounts SET book_version = book_version + 1 WHERE id = $1", account_id)

    async def place(self, actor: Actor, *commands: PlaceOrder) -> list[Order]:
        """Place orders; returns them as stored."""
        return [row.order for row in await self.services.entry.place_orders(actor, commands)]

    async def settled(self, *order_ids: UUID) -> list[Order]:
        """The orders, when the venue has answered all requests."""

        async def answered() -> list[Order] | None:
            found = await read_orders(order_ids)
            orders = [found[order_id] for order_id in order_ids]
            waits = any(order.status == "PENDING_NEW" or order.pending_action for order in orders)
            return None if waits else orders

        return await until(answered)

    async def filled(self, order_id: UUID, quantity: str) -> Order:
        """The order, when this quantity of it is filled."""

        async def enough() -> Order | None:
            order = (await read_orders([order_id]))[order_id]
            return order if order.filled_quantity == Decimal(quantity) else None

        return await until(enough)


async def add_actor(services: ProcessServices, role: Role = Role.TRADER, **others: Any) -> Actor:
    """A new user as an actor."""
    user_id = new_id()
    async with unit_of_work(services.bus) as work:
        await work.execute(
            "INSERT INTO users (id, email, name, role, active, password_hash, created_at, updated_at) "
            "VALUES ($1, $2, 'Somebody', $3, true, 'none', $4, $4)",
            user_id,
            f"{user_id}@example.org",
            role.value,
            utc_now(),
        )
    return Actor(user_id=user_id, email=f"{user_id}@example.org", role=role, via="system", **others)


def environment(database_url: str, redis_url: str, folder: Path) -> dict[str, str]:
    """The settings of a platform on a test's servers."""
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "TRADEGRAPH_DATA_DIR": str(folder),
        "TRADEGRAPH_SECRET": "s" * 40,
        "TRADEGRAPH_FEED": "off",
        # No day ends while a test runs, whenever it runs.
        "TRADEGRAPH_DAY_ROLL": f"{datetime.now(UTC) + timedelta(hours=12):%H:%M} UTC",
    }


@asynccontextmanager
async def platform(
    database_url: str,
    redis_url: str,
    folder: Path,
    *,
    venue: bool = True,
    tracing: Tracing | None = None,
    **others: str,
) -> AsyncIterator[Platform]:
    """Services on a test's servers and, unless told otherwise, the paper venue's router; ``others`` are settings."""
    settings = load_settings(environment(database_url, redis_url, folder) | others)
    async with open_services(settings, tracing=tracing) as services:
        whole = Platform(services, await add_actor(services, Role.ADMIN))
        if not venue:
            yield whole
            return
        async with running_venue(whole):
            yield whole


@asynccontextmanager
async def running_venue(whole: Platform) -> AsyncIterator[None]:
    """The paper venue's router, built from stored rows; it is cancelled at the end."""
    services = whole.services
    async with hold_lease(services.settings.database_url, ROLE) as lease:
        tracing = services.order_context.tracing
        router = PaperVenueLoop(services.bus, services.market, services.ticks, lease, tracing=tracing)
        running = asyncio.create_task(router.run())
        try:
            yield
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


def instrument(symbol: str, **terms: Any) -> Instrument:
    """The terms of an instrument around those of a coin in dollars."""
    return replace(SPOT, id=new_id(), symbol=symbol, **terms)


def same(orders: Sequence[Order]) -> list[tuple[Any, ...]]:
    """Identity and state of orders, for comparison."""
    return [(order.id, order.status, order.filled_quantity, order.version) for order in orders]
