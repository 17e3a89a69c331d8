"""An exchange's quotes and trades as ticks of ours."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from decimal import Decimal
from typing import Any, cast

import pytest

from adapters.feeds.choice import chosen_feed
from adapters.feeds.crypto import CryptoFeed, quote_tick, trade_tick
from adapters.settings.values import FeedSetting
from adapters.venues.crypto.exact_numbers import Inexact
from domain.kernel.retry import Backoff
from domain.kernel.retry_policies import RetryPolicy
from domain.kernel.time import Nanos
from domain.market.types import Aggressor, QuoteTick, Tick, TradeTick
from tests.support.binance import BinanceServer
from tests.support.binance.venue import BTC, ETH, FixedInstruments, address, coin, instruments
from tests.support.waiting import PATIENCE_SECONDS

STREAMS = {"btcusdt@bookTicker", "btcusdt@trade", "ethusdt@bookTicker", "ethusdt@trade"}


class Heard:
    """The received ticks, in order."""

    def __init__(self) -> None:
        self.ticks: list[Tick] = []

    @property
    def trades(self) -> list[TradeTick]:
        return [tick for tick in self.ticks if isinstance(tick, TradeTick)]

    def quotes(self, symbol: str) -> list[QuoteTick]:
        return [tick for tick in self.ticks if isinstance(tick, QuoteTick) and tick.symbol == symbol]

    async def until(self, condition: Any) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not condition():
                await asyncio.sleep(0.01)


@asynccontextmanager
async def listening(feed: Any) -> AsyncIterator[Heard]:
    heard = Heard()

    async def listen() -> None:
        async with aclosing(cast(Any, feed.batches())) as batches:
            async for batch in batches:
                heard.ticks.extend(batch)

    task = asyncio.create_task(listen())
    try:
        yield heard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def feed_of(server: BinanceServer, known: FixedInstruments | None = None) -> CryptoFeed:
    return CryptoFeed(
        known or instruments(), address(server), backoff=Backoff(RetryPolicy(0.05, 0.05)), look_seconds=0.05
    )


async def test_quotes_and_trades_become_ticks(server: BinanceServer) -> None:
    async with listening(feed_of(server)) as heard:
        await heard.until(lambda: server.subscribed == STREAMS)
        server.quote("BTCUSDT", "99.99000000", "100.01000000", "0.12345678")
        at = server.now() - 5
        server.trade("BTCUSDT", "100.01000000", "0.00100000", buyer_is_maker=False, at=at)
        server.trade("ETHUSDT", "10.02", "1.5", buyer_is_maker=True, at=at + 1)
        server.trade("BTCUSDT", "100.02", "0.002", buyer_is_maker=False, at=at + 2)
        await heard.until(lambda: len(heard.trades) == 3 and heard.quotes(BTC))
    (quote,) = heard.quotes(BTC)
    assert (quote.bid, quote.ask) == (Decimal("99.99"), Decimal("100.01"))
    assert quote.bid_size == quote.ask_size == Decimal("0.12345678")
    assert abs(Nanos.now() - quote.at) < 10 * 1_000_000_000
    assert sorted(heard.trades, key=lambda tick: tick.at) == [
        TradeTick(BTC, Nanos(at * 1_000_000), Decimal("100.01"), Decimal("0.001"), Aggressor.BUY),
        TradeTick(ETH, Nanos((at + 1) * 1_000_000), Decimal("10.02"), Decimal("1.5"), Aggressor.SELL),
        TradeTick(BTC, Nanos((at + 2) * 1_000_000), Decimal("100.02"), Decimal("0.002"), Aggressor.BUY),
    ]


async def test_no_trade_of_a_burst_is_lost_or_repeated(server: BinanceServer) -> None:
    async with listening(feed_of(server)) as heard:
        await heard.until(lambda: server.subscribed == STREAMS)
        for number in range(300):
            server.trade("ETHUSDT" if number % 3 else "BTCUSDT", "100", str(number + 1), buyer_is_maker=False)
        await heard.until(lambda: len(heard.trades) >= 300)
    assert sorted(tick.size for tick in heard.trades) == list(range(1, 301))
    for symbol in (BTC, ETH):
        sizes = [tick.size for tick in heard.trades if tick.symbol == symbol]
        assert sizes == sorted(sizes)


@pytest.mark.parametrize("how", ["drop", "stop"])
async def test_a_lost_connection_is_reopened(server: BinanceServer, how: str) -> None:
    async with listening(feed_of(server)) as heard:
        await heard.until(lambda: server.subscribed == STREAMS)
        server.quote("BTCUSDT", "99", "101")
        await heard.until(lambda: len(heard.quotes(BTC)) == 1)
        if how == "drop":
            server.drop_sockets()
        else:
            await server.stop()
            await server.__aenter__()
        await heard.until(lambda: server.subscribed == STREAMS)
        server.quote("BTCUSDT", "98", "102")
        await heard.until(lambda: len(heard.quotes(BTC)) == 2)
    assert heard.quotes(BTC)[1].bid == Decimal(98)


async def test_new_instruments_join_the_feed(server: BinanceServer) -> None:
    known = FixedInstruments(coin("PERP", exchange="KRAKEN"))
    async with listening(feed_of(server, known)) as heard:
        known.stored.append(coin("ETHUSDT.BINANCE"))
        await known.refresh()
        await heard.until(lambda: server.subscribed == {"ethusdt@bookTicker", "ethusdt@trade"})
        server.quote("ETHUSDT", "9", "11")
        await heard.until(lambda: heard.quotes("ETHUSDT.BINANCE"))
    assert {tick.symbol for tick in heard.ticks} == {"ETHUSDT.BINANCE"}


async def test_a_setting_selects_the_feed(server: BinanceServer) -> None:
    feed = chosen_feed(FeedSetting("ccxt", address=address(server)), cast(Any, instruments()))
    assert isinstance(feed, CryptoFeed)
    assert (feed.replays, feed.unpaced) == (False, False)


def test_a_side_without_orders_is_reported_as_empty() -> None:
    raw = {"bid": "0.00000000", "ask": "100.5", "bidVolume": "0.0", "askVolume": "2", "timestamp": 1_700_000_000_123}
    assert quote_tick(raw, "X") == QuoteTick(
        "X", Nanos(1_700_000_000_123_000_000), None, Decimal("100.5"), None, Decimal(2), no_bid=True
    )


def test_floats_are_refused() -> None:
    raw = {"timestamp": 1, "price": 0.1, "amount": "1", "side": "buy"}
    with pytest.raises(Inexact):
        trade_tick(raw, "X")
