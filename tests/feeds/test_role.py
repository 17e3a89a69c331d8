"""The feed role: real recorded markets through stream and recorder, compared with the files themselves."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest

from adapters.demo import demo_instruments
from adapters.embedded import EmbeddedServices
from adapters.feeds.files import read_ticks
from adapters.redis.bus import RedisBus
from adapters.redis.tick_stream import RedisTickStream
from adapters.settings.values import FeedSetting
from domain.access.types import SYSTEM
from domain.kernel.numbers import ZERO
from domain.market import queries
from domain.market.bars import BarBuilder
from domain.market.market import RECORDER, Market
from domain.market.service import create_instrument, publish_quotes
from domain.market.stream import BEGINNING
from domain.market.types import AssetClass, Bar, BarInterval, Instrument, QuoteTick, Tick, TradeTick
from tests.support.market import an_instrument, nanos, quote, recording
from tests.support.waiting import PATIENCE_SECONDS, eventually
from workers.feed import run_feed

PERPETUAL = "BTCUSD_PERP.BINANCE"


@asynccontextmanager
async def playing(
    market: Market, ticks: RedisTickStream, bus: RedisBus, *feed: Any
) -> AsyncIterator[asyncio.Task[None]]:
    """The role at work."""
    task = asyncio.create_task(run_feed(FeedSetting(*feed), market, ticks, bus))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def heard(ticks: RedisTickStream, count: int) -> list[Tick]:
    """The first ticks of the stream."""
    found: list[Tick] = []
    async with (
        asyncio.timeout(PATIENCE_SECONDS),
        aclosing(cast("Any", ticks.read(BEGINNING, consumer="test"))) as batches,
    ):
        async for batch in batches:
            found += [tick for _, tick in batch]
            if len(found) >= count:
                break
    return found


async def recorded(ticks: RedisTickStream) -> None:
    """Wait until everything on the stream is stored."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await queries.read_market(RECORDER)).position != await ticks.last_position():
            await asyncio.sleep(0.02)


async def all_bars(instrument: Instrument) -> list[Bar]:
    return [
        bar for interval in BarInterval for bar in await queries.read_bars(instrument, interval, None, None, 10_000)
    ]


def bars_of(market: Market, ticks: list[Tick]) -> list[Bar]:
    """What the bars should be: of the trades, and before the first of them of the middles of quotes."""
    builder, traded = BarBuilder(market.day_of), False
    for tick in ticks:
        if isinstance(tick, TradeTick):
            traded = True
            builder.add(tick.symbol, tick.at, tick.price, tick.size)
        elif isinstance(tick, QuoteTick) and not traded:
            assert tick.bid is not None
            assert tick.ask is not None
            builder.add(tick.symbol, tick.at, (tick.bid + tick.ask) / 2, ZERO)
    order = list(BarInterval)
    return sorted(builder.take(), key=lambda bar: (order.index(bar.interval), bar.at))


@pytest.fixture
async def perpetual(market: Market, bus: RedisBus) -> Instrument:
    terms = {"asset_class": AssetClass.PERPETUAL, "inverse": True, "multiplier": Decimal(100), "currency": "BTC"}
    return await create_instrument(bus, market, SYSTEM, an_instrument(PERPETUAL, **terms))


def folder_of(tmp_path: Path, *names: str) -> Path:
    """A folder of links to recordings."""
    for name in names:
        (tmp_path / name.replace("/", "-")).symlink_to(recording(name))
    return tmp_path


async def test_a_recorded_market_arrives_row_by_row(
    market: Market, ticks: RedisTickStream, bus: RedisBus, perpetual: Instrument, tmp_path: Path
) -> None:
    names = [f"{kind}/btcusd_perp_coinm_binance_20240808.csv.gz" for kind in ("quotes", "trades")]
    quotes, trades = (list(read_ticks(recording(name))) for name in names)
    # At equal times quotes come first: their file does.
    expected = sorted([*quotes, *trades], key=lambda tick: tick.at)
    async with playing(market, ticks, bus, "replay", folder_of(tmp_path, *names), None):
        found = await heard(ticks, len(expected) + 1)
        assert found[0] == QuoteTick(PERPETUAL, expected[0].at, volume=ZERO)
        assert found[1:] == expected
        await recorded(ticks)
    assert await all_bars(perpetual) == bars_of(market, expected)
    last = market.quote(PERPETUAL)
    assert last is not None
    final_quote, final_trade = quotes[-1], trades[-1]
    assert isinstance(final_quote, QuoteTick)
    assert isinstance(final_trade, TradeTick)
    assert (last.at, last.bid, last.ask) == (final_quote.at, final_quote.bid, final_quote.ask)
    assert last.last == final_trade.price
    assert last.volume == sum(tick.size for tick in trades if isinstance(tick, TradeTick))
    (stored,) = (await queries.read_market(RECORDER)).quotes
    assert stored.quote == last
    assert stored.is_replayed


async def test_playing_a_recording_again_changes_nothing(
    market: Market, ticks: RedisTickStream, bus: RedisBus, perpetual: Instrument
) -> None:
    path = recording("trades/btcusd_perp_coinm_binance_20240808.csv.gz")
    trades = list(read_ticks(path))
    for _ in range(2):
        before = await ticks.last_position()
        async with playing(market, ticks, bus, "replay", path, None):
            async with asyncio.timeout(PATIENCE_SECONDS):
                while len(await ticks.drain(before)) < len(trades) + 1:
                    await asyncio.sleep(0.05)
            await recorded(ticks)
        assert await all_bars(perpetual) == bars_of(market, trades)
        assert getattr(market.quote(PERPETUAL), "volume", None) == sum(
            tick.size for tick in trades if isinstance(tick, TradeTick)
        )


async def test_a_replay_survives_a_server_restart(
    market: Market,
    ticks: RedisTickStream,
    bus: RedisBus,
    perpetual: Instrument,
    services: EmbeddedServices,
    tmp_path: Path,
) -> None:
    lines = [f"2024-08-08T12:00:{n:02}Z,{PERPETUAL},{n + 1},1," for n in range(60)]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["ts,symbol,price,size,side", *lines]) + "\n")
    async with playing(market, ticks, bus, "replay", path, 20):
        await eventually(lambda: getattr(market.quote(PERPETUAL), "last", None) is not None)
        await asyncio.to_thread(services.valkey.kill)
        await asyncio.to_thread(services.valkey.start)
        await eventually(lambda: getattr(market.quote(PERPETUAL), "last", None) == 60, 20)


async def test_an_invalid_file_stops_the_feed_and_not_the_recorder(
    market: Market,
    ticks: RedisTickStream,
    bus: RedisBus,
    perpetual: Instrument,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"ts,symbol,price,size,side\nnonsense\n"))
    async with playing(market, ticks, bus, "replay", path, 1.0) as role:
        await publish_quotes(market, SYSTEM, [quote(PERPETUAL, nanos("2024-08-08T12:00:00Z"), last="5")])
        await recorded(ticks)
        assert not role.done()
    said = capsys.readouterr().out
    assert "feed stopped" in said
    assert "line 2" in said
    assert [bar.close for bar in await queries.read_bars(perpetual, BarInterval.MINUTE, None, None, 9)] == [5]


async def test_the_simulation_produces_bars_and_quotes(market: Market, ticks: RedisTickStream, bus: RedisBus) -> None:
    for demo in demo_instruments():
        await create_instrument(bus, market, SYSTEM, demo.instrument)
    bitcoin = market.instrument("BTCUSDT.BINANCE")
    assert bitcoin is not None
    async with playing(market, ticks, bus, "sim"):
        await eventually(lambda: getattr(market.quote(bitcoin.symbol), "volume", None) is not None, 20)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(await queries.read_bars(bitcoin, BarInterval.DAY, None, None, 9)) < 2:
                await asyncio.sleep(0.05)
    assert not market.is_stale(bitcoin.symbol)
    assert {found.quote.symbol for found in (await queries.read_market(RECORDER)).quotes} == {
        demo.instrument.symbol for demo in demo_instruments()
    }
