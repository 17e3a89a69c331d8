"""A whole platform whose accounts trade at the test server, with the engine's router between them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from adapters.database.leases import hold_lease
from adapters.settings.loading import load_settings
from adapters.wiring import open_services
from domain.access.types import Actor, Role
from domain.accounts.types import AccountBook
from domain.kernel.database import fetch
from domain.kernel.time import NANOS_PER_SECOND
from domain.orders.books.proof import prove_book
from domain.orders.model.commands import OrderKey, PlaceOrder
from domain.orders.model.order import Order
from domain.orders.model.types import OrderType, Side, TimeInForce
from domain.orders.queries import read_executions_of, read_orders
from tests.support.binance.server import API_KEY, SECRET, BinanceServer
from tests.support.binance.venue import BTC, coin
from tests.support.trading import Platform, add_actor, environment
from tests.support.waiting import PATIENCE_SECONDS, until
from workers.remote import RemoteVenueLoop
from workers.venue_loop import role_of

VENUE = "binance"
GRACE_NANOS = NANOS_PER_SECOND


def with_exchange(server: BinanceServer, settings: Mapping[str, str]) -> dict[str, str]:
    """Settings with the test server as the venue ``binance``."""
    return {
        **settings,
        "TRADEGRAPH_VENUES": f"{VENUE}=ccxt:binance@{server.endpoint}",
        "TRADEGRAPH_VENUE_BINANCE_KEY": API_KEY,
        "TRADEGRAPH_VENUE_BINANCE_SECRET": SECRET,
        "TRADEGRAPH_VENUE_BINANCE_TIMEOUT_SECONDS": "1",
    }


class ExchangeDesk(Platform):
    """A trader with an account at the exchange, and a quote of bitcoin."""

    server: BinanceServer
    owner: Actor
    account: AccountBook

    async def begin(self, server: BinanceServer) -> None:
        """Open the account, with money in it."""
        self.server = server
        await self.add_instrument(coin(BTC))
        await self.quote(BTC, "99.99", "100.01")
        self.owner, self.account = await self.open_account("100000", currency="USDT", venue=VENUE)

    async def buy(self, quantity: str, price: str, **others: Any) -> Order:
        """Place a GTC limit order; returns the accepted order."""
        values: dict[str, Any] = {
            "account_id": self.account.id,
            "symbol": BTC,
            "side": Side.BUY,
            "type": OrderType.LIMIT,
            "quantity": Decimal(quantity),
            "limit_price": Decimal(price),
            "time_in_force": TimeInForce.GTC,
        }
        (order,) = await self.place(self.owner, PlaceOrder(**(values | others)))
        return order

    async def cancel(self, order: Order) -> None:
        """Ask for a cancel."""
        await self.services.canceling.cancel_order(self.owner, OrderKey(id=order.id))

    async def when(self, order: Order, condition: Callable[[Order], bool]) -> Order:
        """The order, as soon as it fulfils a condition."""

        async def met() -> Order | None:
            found = (await read_orders([order.id]))[order.id]
            return found if condition(found) else None

        return await until(met, PATIENCE_SECONDS)

    async def fills(self, order: Order) -> list[tuple[str, Decimal, Decimal]]:
        """The booked fills of an order: the exchange's id, price and quantity of each, sorted."""
        found = (await read_executions_of([order.id]))[order.id]
        return sorted((row.venue_execution_id, row.price, row.quantity) for row in found)

    def fills_there(self) -> list[tuple[str, Decimal, Decimal]]:
        """The exchange's own fills of all orders, in the same form."""
        trades = [trade for order in self.server.orders for trade in order.trades]
        return sorted((str(trade.id), trade.price, trade.quantity) for trade in trades)

    async def check_books(self) -> None:
        """Assert that the account's books are proved."""
        proof = await prove_book(self.account.id, (await self.services.market.catalog()).by_id)
        assert (proof.intact, proof.breaks) == (True, [])


@asynccontextmanager
async def exchange_desk(
    server: BinanceServer, database_url: str, redis_url: str, folder: Path
) -> AsyncIterator[ExchangeDesk]:
    """Services on a test's servers; the router runs while ``routing`` is open."""
    settings = load_settings(with_exchange(server, environment(database_url, redis_url, folder)))
    async with open_services(settings) as services:
        desk = ExchangeDesk(services, await add_actor(services, Role.ADMIN))
        await desk.begin(server)
        yield desk


@asynccontextmanager
async def routing(desk: Platform, *, reconcile_seconds: float = 60.0) -> AsyncIterator[None]:
    """The exchange's router, built from stored rows; it is cancelled at the end, like in a crash."""
    services = desk.services
    async with (
        hold_lease(services.settings.database_url, role_of(VENUE)) as lease,
        services.gateways[VENUE].open(services.market) as venue,
    ):
        router = RemoteVenueLoop(
            venue,
            services.bus,
            services.market,
            services.ticks,
            lease,
            grace_nanos=GRACE_NANOS,
            reconcile_seconds=reconcile_seconds,
        )
        running = asyncio.create_task(router.run())
        try:
            yield
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


async def differences() -> list[tuple[str, str]]:
    """The kinds and subjects of the present differences between the venue's books and ours."""
    rows = await fetch("SELECT kind, subject FROM venue_differences WHERE cleared_at IS NULL ORDER BY kind, subject")
    return [(row["kind"], row["subject"]) for row in rows]


async def events_of(order_id: UUID) -> list[str]:
    """The events of an order, in order."""
    rows = await fetch("SELECT kind FROM account_events WHERE order_id = $1 ORDER BY sequence", order_id)
    return [row["kind"] for row in rows]
