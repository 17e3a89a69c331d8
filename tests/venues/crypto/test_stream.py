"""Reports of an exchange on our orders, and its silence, which is never taken for news."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest

from adapters.venues.crypto import report_polling, report_stream
from adapters.venues.crypto.dialects import DIALECTS
from adapters.venues.crypto.venue import ExchangeVenue
from domain.kernel.time import Nanos
from domain.orders.model.types import Liquidity, OrderStatus, Side
from domain.orders.venues.port import VenueUnavailable
from domain.orders.venues.types import NewOrder, VenueExecution, VenueOrder, VenueReport
from tests.support.binance import BinanceServer
from tests.support.binance.venue import BTC, limit, open_venue, ref
from tests.support.waiting import PATIENCE_SECONDS


@dataclass
class Heard:
    """The reports so far, and the end of the stream, if it has ended."""

    reports: list[VenueReport]
    ended: asyncio.Task[None]

    @property
    def executions(self) -> list[VenueExecution]:
        return [report for report in self.reports if isinstance(report, VenueExecution)]

    def last(self, order: NewOrder) -> VenueOrder:
        return [
            report
            for report in self.reports
            if isinstance(report, VenueOrder) and report.client_order_id == order.client_order_id
        ][-1]

    async def until(self, count: int) -> None:
        """Wait for so many executions."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.executions) < count and not self.ended.done():
                await asyncio.sleep(0.01)


@asynccontextmanager
async def listening(venue: ExchangeVenue) -> AsyncIterator[Heard]:
    heard: list[VenueReport] = []

    async def listen(batches: AsyncIterator[Sequence[VenueReport]]) -> None:
        async for batch in batches:
            heard.extend(batch)

    async with venue.reports() as batches:
        task = asyncio.create_task(listen(batches))
        try:
            yield Heard(heard, task)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_the_stream_reports_the_life_of_an_order(server: BinanceServer, venue: ExchangeVenue) -> None:
    order = limit("BUY", "0.50000", "90")
    async with listening(venue) as heard:
        await venue.submit([order])
        (there,) = server.orders
        server.fill(there, "0.1", "90")
        server.fill(there, "0.15", "89.99", maker=False)
        await heard.until(2)
        await venue.cancel(ref(order))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while heard.last(order).status is not OrderStatus.CANCELED:
                await asyncio.sleep(0.01)
    first, second = heard.executions
    assert first == VenueExecution(
        client_order_id=order.client_order_id,
        venue_order_id=f"BTC/USDT:{there.id}",
        venue_execution_id=str(there.trades[0].id),
        symbol=BTC,
        side=Side.BUY,
        price=Decimal(90),
        quantity=Decimal("0.1"),
        liquidity=Liquidity.MAKER,
        at=Nanos(there.trades[0].at * 1_000_000),
        fee=Decimal("0.0001"),
        fee_currency="BTC",
    )
    assert (second.price, second.quantity, second.liquidity) == (Decimal("89.99"), Decimal("0.15"), Liquidity.TAKER)
    assert heard.last(order).filled_quantity == Decimal("0.25")
    assert heard.last(order).venue_order_id == f"BTC/USDT:{there.id}"


async def test_fills_of_one_order_keep_their_fees_in_a_third_currency(
    server: BinanceServer, venue: ExchangeVenue
) -> None:
    """The library adds fees up as floats, and looks their currency up among those of its symbols: not here."""
    server.book.fee_asset = "BNB"
    order = limit("BUY", "0.5", "90")
    async with listening(venue) as heard:
        await venue.submit([order])
        for _ in range(5):
            server.fill(server.orders[0], "0.1", "90")
            await asyncio.sleep(0)
        await heard.until(5)
        assert not heard.ended.done()
    assert [(fill.fee, fill.fee_currency) for fill in heard.executions] == [(Decimal("0.009"), "BNB")] * 5
    assert heard.last(order).status is OrderStatus.FILLED


async def test_repeated_and_reordered_messages_add_nothing(server: BinanceServer, venue: ExchangeVenue) -> None:
    order = limit("SELL", "0.5", "110")
    async with listening(venue) as heard:
        server.faults.doubling = True
        await venue.submit([order])
        server.faults.holding = True
        for price in ("110", "110.5", "111"):
            server.fill(server.orders[0], "0.1", price)
        server.release(backwards=True)
        await heard.until(3)
    told = {fill.venue_execution_id: (fill.price, fill.quantity) for fill in heard.executions}
    assert told == {str(trade.id): (trade.price, trade.quantity) for trade in server.orders[0].trades}


@pytest.mark.parametrize("how", ["drop", "stop"])
async def test_a_broken_stream_is_reported(server: BinanceServer, venue: ExchangeVenue, how: str) -> None:
    order = limit("BUY", "0.5", "90")
    async with listening(venue) as heard:
        await venue.submit([order])
        if how == "drop":
            server.drop_sockets()
        else:
            await server.stop()
        with pytest.raises(VenueUnavailable):
            async with asyncio.timeout(PATIENCE_SECONDS):
                await heard.ended
    if how == "stop":
        await server.__aenter__()
    server.fill(server.orders[0], "0.2", "90")
    async with listening(venue) as heard:
        (missed,) = await venue.executions(Nanos(server.orders[0].at * 1_000_000))
        assert (missed.client_order_id, missed.quantity) == (order.client_order_id, Decimal("0.2"))
        server.fill(server.orders[0], "0.3", "90")
        await heard.until(1)
    assert [fill.quantity for fill in heard.executions] == [Decimal("0.3")]


async def test_an_unreadable_message_ends_the_stream(server: BinanceServer, venue: ExchangeVenue) -> None:
    async with listening(venue) as heard:
        server.say("{nonsense")
        with pytest.raises(VenueUnavailable):
            async with asyncio.timeout(PATIENCE_SECONDS):
                await heard.ended
    async with listening(venue) as heard:
        await venue.submit([limit("BUY", "0.5", "90")])
        server.say('{"subscriptionId":0,"event":{"e":"executionReport","x":"TRADE","s":"BTCUSDT","i":1,"X":"ODD"}}')
        with pytest.raises(VenueUnavailable):
            async with asyncio.timeout(PATIENCE_SECONDS):
                await heard.ended


async def test_a_stream_closed_or_silent_is_noticed(server: BinanceServer, monkeypatch: pytest.MonkeyPatch) -> None:
    binance = replace(DIALECTS["binance"], streaming={"keepAlive": 100})
    monkeypatch.setattr("tests.support.binance.venue.DIALECTS", {"binance": binance})
    async with open_venue(server) as venue:
        async with listening(venue) as heard:
            server.say('{"subscriptionId":0,"event":{"e":"eventStreamTerminated","E":1757896885229}}')
            with pytest.raises(VenueUnavailable):
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await heard.ended
        server.faults.ignoring_pings = True
        async with listening(venue) as heard:
            with pytest.raises(VenueUnavailable):
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await heard.ended


async def test_a_slow_reader_is_told_to_reconcile(
    server: BinanceServer, venue: ExchangeVenue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_stream, "MAX_WAITING", 3)
    async with venue.reports() as batches:
        for number in range(4):
            await venue.submit([limit("BUY", "0.5", f"9{number}")])
        with pytest.raises(VenueUnavailable):
            await _read_to_the_end(batches)


async def _read_to_the_end(batches: AsyncIterator[Sequence[VenueReport]]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        async for _ in batches:
            pass


async def test_a_venue_without_a_stream_is_polled(
    server: BinanceServer, venue: ExchangeVenue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_polling, "POLL_SECONDS", 0.05)
    server.faults.refusing_sockets = True
    before = limit("BUY", "0.5", "90")
    await venue.submit([before])
    after = limit("SELL", "0.5", "110")
    async with listening(venue) as heard:
        await venue.submit([after])
        server.fill(server.orders[0], "0.5", "90")
        server.fill(server.orders[1], "0.25", "110")
        async with asyncio.timeout(PATIENCE_SECONDS):
            while {fill.client_order_id for fill in heard.executions} != {
                before.client_order_id,
                after.client_order_id,
            }:
                await asyncio.sleep(0.01)
    assert {(fill.side, fill.price, fill.quantity) for fill in heard.executions} == {
        (Side.BUY, Decimal(90), Decimal("0.5")),
        (Side.SELL, Decimal(110), Decimal("0.25")),
    }
    assert heard.last(before).status is OrderStatus.FILLED
    assert heard.last(after).status is OrderStatus.PARTIALLY_FILLED


async def test_reports_without_stream_and_polling_are_unavailable(server: BinanceServer, venue: ExchangeVenue) -> None:
    await server.stop()
    with pytest.raises(VenueUnavailable):
        async with venue.reports():
            pass


async def test_trades_over_many_pages_and_days_are_all_found(server: BinanceServer) -> None:
    day = 86_400_000
    async with open_venue(server) as venue:
        order = limit("BUY", "2.5", "90")
        await venue.submit([order])
        now = server.now()
        times = [now - 40 * day, now - 5 * day - 1, now - 5 * day, *range(now - 3 * day, now - 3 * day + 1_500), now]
        for at in times:
            server.fill(server.orders[0], "0.001", "90")
            server.orders[0].trades[-1].at = at
        found = await venue.executions(Nanos((now - 5 * day) * 1_000_000))
        assert [fill.at for fill in found] == [at * 1_000_000 for at in times[2:]]
        assert {fill.client_order_id for fill in found} == {order.client_order_id}
        assert len(server.asked("GET", "order")) == 0
