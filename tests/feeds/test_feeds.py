"""The guarantees of every feed, and the behaviour of each."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, cast

import pytest

from adapters.demo import demo_instruments
from adapters.feeds.choice import chosen_feed
from adapters.feeds.feed import MAX_BATCH, Feed, FeedError, NoFeed
from adapters.feeds.replay import ReplayFeed
from adapters.feeds.sim import SimFeed
from adapters.redis.bus import RedisBus
from adapters.settings.values import FeedSetting
from domain.access.types import SYSTEM
from domain.kernel.numbers import ZERO
from domain.kernel.time import Nanos
from domain.market.market import Market
from domain.market.service import create_instrument, publish_quotes
from domain.market.types import QuoteTick, Tick, TradeTick
from tests.support.market import an_instrument, nanos, quote
from tests.support.waiting import PATIENCE_SECONDS

HEAD = "ts,symbol,price,size,side"


def trades(path: Path, *rows: tuple[str, str, int]) -> Path:
    path.write_text(
        "\n".join([HEAD, *(f"2024-08-08T{time}Z,{symbol},{price},1," for time, symbol, price in rows)]) + "\n"
    )
    return path


async def gathered(feed: Feed, batches: int = 10**9) -> list[Sequence[Tick]]:
    """The first batches of a feed."""
    taken: list[Sequence[Tick]] = []
    async with asyncio.timeout(PATIENCE_SECONDS), aclosing(cast("Any", feed.batches())) as given:
        async for batch in given:
            taken.append(batch)
            if len(taken) >= batches:
                break
    return taken


def flat(batches: Sequence[Sequence[Tick]]) -> list[Tick]:
    return [tick for batch in batches for tick in batch]


@pytest.fixture
async def market_with_a_and_b(market: Market, bus: RedisBus) -> Market:
    for symbol in ("A", "B"):
        await create_instrument(bus, market, SYSTEM, an_instrument(symbol))
    return market


@pytest.fixture
async def demo_market(market: Market, bus: RedisBus) -> Market:
    for demo in demo_instruments():
        await create_instrument(bus, market, SYSTEM, demo.instrument)
    return market


@pytest.fixture(params=["sim", "replay", "off"])
def feed(request: pytest.FixtureRequest, demo_market: Market, tmp_path: Path) -> Feed:
    path = trades(tmp_path / "a.csv", *[(f"12:{n // 60:02}:{n % 60:02}", "BTCUSDT.BINANCE", 5) for n in range(1_000)])
    return chosen_feed(FeedSetting(request.param, path, None), demo_market)


async def test_feeds_give_bounded_batches_of_known_symbols(feed: Feed, demo_market: Market) -> None:
    for batch in await gathered(feed, 3):
        assert 1 <= len(batch) <= MAX_BATCH
        assert all(demo_market.instrument(tick.symbol) is not None for tick in batch)


async def test_a_feed_can_be_closed_at_any_time(feed: Feed) -> None:
    reading = asyncio.create_task(gathered(feed))
    await asyncio.sleep(0.01)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    assert reading.done()


async def test_the_feed_none_ends_at_once() -> None:
    assert await gathered(NoFeed()) == []


# ------------------------------------------------------------------ simulation


async def test_the_simulation_quotes_every_demo_instrument_with_a_previous_close(demo_market: Market) -> None:
    ticks = flat(await gathered(SimFeed(demo_market), 1))
    symbols = [demo.instrument.symbol for demo in demo_instruments()]
    assert [tick.symbol for tick in ticks[: 2 * len(symbols)]] == [symbol for symbol in symbols for _ in "12"]
    await publish_quotes(demo_market, SYSTEM, [tick for tick in ticks if isinstance(tick, QuoteTick)])
    for demo in demo_instruments():
        found = demo_market.quote(demo.instrument.symbol)
        assert found is not None
        assert found.previous_close == demo.motion.price
        assert found.bid is not None


async def test_the_simulation_continues_from_the_last_price(market: Market, bus: RedisBus) -> None:
    (demo,) = (each for each in demo_instruments() if each.instrument.symbol == "BTCUSDT.BINANCE")
    await create_instrument(bus, market, SYSTEM, demo.instrument)
    await publish_quotes(market, SYSTEM, [quote("BTCUSDT.BINANCE", Nanos.now(), last="30000")])
    first = flat(await gathered(SimFeed(market), 1))[0]
    assert isinstance(first, QuoteTick)
    assert first.last is None
    assert first.bid is not None
    assert abs(first.bid - 30_000) < 1


async def test_the_simulation_moves_open_markets_and_adopts_new_instruments(market: Market, bus: RedisBus) -> None:
    demos = {demo.instrument.symbol: demo for demo in demo_instruments()}
    feed = SimFeed(market, step_seconds=0.001)
    async with asyncio.timeout(PATIENCE_SECONDS), aclosing(cast("Any", feed.batches())) as batches:
        waiting = asyncio.ensure_future(anext(batches))
        await create_instrument(bus, market, SYSTEM, demos["BTCUSDT.BINANCE"].instrument)
        assert {tick.symbol for tick in await waiting} == {"BTCUSDT.BINANCE"}
        kinds = {type(tick) for _ in range(30) for tick in await anext(batches)}
    assert kinds == {QuoteTick, TradeTick}


async def test_the_simulation_does_not_quote_foreign_instruments(market_with_a_and_b: Market) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await anext(SimFeed(market_with_a_and_b, step_seconds=0.001).batches())


# ------------------------------------------------------------------ replay


async def test_a_replay_merges_files_by_time_and_starts_each_symbol_without_volume(
    market_with_a_and_b: Market, tmp_path: Path
) -> None:
    trades(tmp_path / "1.csv", ("12:00:00", "A", 1), ("12:00:02", "A", 3), ("12:00:03", "A", 5))
    trades(tmp_path / "2.csv", ("12:00:01", "B", 2), ("12:00:02", "B", 4))
    ticks = flat(await gathered(ReplayFeed(market_with_a_and_b, tmp_path, None)))
    assert [tick.price for tick in ticks if isinstance(tick, TradeTick)] == [1, 2, 3, 4, 5]
    begun = [tick for tick in ticks if isinstance(tick, QuoteTick)]
    assert begun == [
        QuoteTick("A", nanos("2024-08-08T12:00:00Z"), volume=ZERO),
        QuoteTick("B", nanos("2024-08-08T12:00:01Z"), volume=ZERO),
    ]
    assert ticks[0] == begun[0]


async def test_unknown_symbols_are_skipped_with_one_warning_each(
    market_with_a_and_b: Market, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = trades(tmp_path / "1.csv", *[(f"12:00:{n:02}", symbol, 1) for n in range(9) for symbol in ("X", "A", "Y")])
    ticks = flat(await gathered(ReplayFeed(market_with_a_and_b, path, None)))
    assert {tick.symbol for tick in ticks} == {"A"}
    warned = [line for line in capsys.readouterr().out.splitlines() if "no instrument" in line]
    assert len(warned) == 2


async def test_a_replay_keeps_its_pace(market_with_a_and_b: Market, tmp_path: Path) -> None:
    path = trades(
        tmp_path / "1.csv", ("12:00:00", "A", 1), ("12:00:10", "A", 2), ("12:00:10", "A", 3), ("12:00:30", "A", 4)
    )
    clock = asyncio.get_running_loop().time
    begun = clock()
    arrivals = [(clock() - begun, batch) async for batch in ReplayFeed(market_with_a_and_b, path, 50).batches()]
    prices = [[tick.price for tick in batch if isinstance(tick, TradeTick)] for _, batch in arrivals]
    assert prices == [[1], [2, 3], [4]]
    assert arrivals[1][0] >= 0.199
    assert arrivals[2][0] >= 0.599


async def test_long_silences_of_a_recording_are_shortened(market_with_a_and_b: Market, tmp_path: Path) -> None:
    path = trades(tmp_path / "1.csv", ("00:00:00", "A", 1), ("23:00:00", "A", 2))
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert len(await gathered(ReplayFeed(market_with_a_and_b, path, 1))) == 2


async def test_ticks_before_an_invalid_line_are_played(market_with_a_and_b: Market, tmp_path: Path) -> None:
    path = trades(tmp_path / "1.csv", ("12:00:00", "A", 1), ("12:00:01", "A", 2))
    path.write_text(path.read_text() + "nonsense\n")
    async with aclosing(cast("Any", ReplayFeed(market_with_a_and_b, path, None).batches())) as batches:
        played = await anext(batches)
        with pytest.raises(FeedError, match="line 4"):
            await anext(batches)
    assert [tick.price for tick in played if isinstance(tick, TradeTick)] == [1, 2]


async def test_a_folder_without_data_is_an_error(market_with_a_and_b: Market, tmp_path: Path) -> None:
    with pytest.raises(FeedError, match="holds no file"):
        await gathered(ReplayFeed(market_with_a_and_b, tmp_path))
