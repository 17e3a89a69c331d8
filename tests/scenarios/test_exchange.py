"""Trading at an exchange through the API: quotes come in, orders go out, and an engine that is killed loses nothing."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from tests.support.binance import BinanceServer, Fault
from tests.support.binance.server import API_KEY, SECRET
from tests.support.binance.trading import VENUE, with_exchange
from tests.support.desk import Desk, signed_in
from tests.support.installation import Installation, Process
from tests.support.waiting import PATIENCE_SECONDS, eventually, until

SYMBOL = "BITCOIN"
QUOTE = "query ($symbol: String!) { instrument(symbol: $symbol) { venueSymbol quote { bid ask bidSize } } }"


@pytest.fixture
async def server() -> AsyncIterator[BinanceServer]:
    async with BinanceServer() as running:
        yield running


async def test_an_engine_crash_during_trading_at_an_exchange_loses_nothing(
    fresh: Installation, server: BinanceServer
) -> None:
    settings = with_exchange(server, {"TRADEGRAPH_FEED": f"ccxt:binance@{server.endpoint}"})
    web, engine = fresh.web(**settings), fresh.engine(**settings)
    await web.come_back()
    async with signed_in(web.address) as desk:
        account_id = await open_account(desk)
        await engine.come_back("connected to venue")
        await quote_arrives(desk, server)
        bought = await desk.place(account_id, SYMBOL, "BUY", "0.5")
        resting = await desk.place(account_id, SYMBOL, "BUY", "0.5", type="LIMIT", limitPrice="90")
        assert (await desk.settled(bought["id"], "FILLED"))["averagePrice"] == "100.01"
        await desk.settled(resting["id"], "NEW")
        server.fault("POST", "order", Fault.HANG_TAKEN)
        flying = await desk.place(account_id, SYMBOL, "SELL", "0.25", type="LIMIT", limitPrice="110")
        await eventually(lambda: len(server.orders) == 3, PATIENCE_SECONDS)
        engine.kill()
        await fill_everything(server)
        waiting = await desk.place(account_id, SYMBOL, "SELL", "0.25", type="LIMIT", limitPrice="99.99")
        await engine.come_back("connected to venue")
        for order in (resting, flying, waiting):
            await desk.settled(order["id"], "FILLED")
        await check(desk, server, account_id)
    check_nothing_told(web, engine)


async def open_account(desk: Desk) -> str:
    """An instrument of ours that the exchange calls otherwise, and an account there."""
    terms = {"exchange": "BINANCE", "currency": "USDT", "lotSize": "0.00001", "venueSymbol": "BTC/USDT"}
    await desk.create_instrument(SYMBOL, **terms)
    return await desk.open_account("100000", currency="USDT", venue=VENUE)


async def quote_arrives(desk: Desk, server: BinanceServer) -> None:
    await eventually(lambda: "btcusdt@bookTicker" in server.subscribed, PATIENCE_SECONDS)
    server.quote("BTCUSDT", "99.99000000", "100.01000000", "5.00000000")

    async def seen() -> dict[str, Any] | None:
        found: dict[str, Any] | None = (await desk.client.ask(QUOTE, symbol=SYMBOL))["instrument"]["quote"]
        return found

    assert await until(seen, PATIENCE_SECONDS) == {"bid": "99.99", "ask": "100.01", "bidSize": "5"}


async def fill_everything(server: BinanceServer) -> None:
    """Fill the resting orders in two parts while the platform is not connected."""
    for order in server.orders:
        if order.is_open:
            server.fill(order, "0.05", str(order.price))
            server.fill(order, str(order.remaining), str(order.price))


async def check(desk: Desk, server: BinanceServer, account_id: str) -> None:
    """Every order and every fill is there once and here once, and the books prove."""
    assert len(server.orders) == len(server.asked("POST", "order")) == 4
    booked = await desk.executions(accountId=account_id)
    there = [trade for order in server.orders for trade in order.trades]
    assert sorted(
        (row["venueExecutionId"], Decimal(row["price"]), Decimal(row["quantity"])) for row in booked
    ) == sorted((str(trade.id), trade.price, trade.quantity) for trade in there)
    await desk.check_books()


def check_nothing_told(*processes: Process) -> None:
    """Assert that no output contains the keys."""
    for process in processes:
        assert not any(secret in process.output for secret in (API_KEY, SECRET, "signature="))
