"""The market as one process sees it, beside others that see the same."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from adapters.embedded import EmbeddedServices
from adapters.redis.bus import RedisBus
from adapters.redis.tick_stream import RedisTickStream
from domain.access.types import SYSTEM
from domain.kernel.errors import NotFound, Unavailable
from domain.kernel.ids import new_id
from domain.kernel.time import Nanos
from domain.market.market import Market
from domain.market.recording import Recorder
from domain.market.service import create_instrument
from tests.support.market import MIDNIGHT, an_instrument, moment, nanos, quote, trade
from tests.support.waiting import eventually

NOW = Nanos.now()


async def test_a_market_without_quotes_has_no_prices(market: Market) -> None:
    assert (await market.catalog()).by_symbol == {}
    assert market.quote("TEST") is None
    assert market.is_stale("TEST")
    assert list(market.quotes()) == []
    with pytest.raises(NotFound):
        await market.find("TEST")
    with pytest.raises(Unavailable):
        market.known(new_id())


async def test_an_instrument_created_by_another_process_is_found(
    market: Market, bus: RedisBus, ticks: RedisTickStream
) -> None:
    async with Market(ticks, MIDNIGHT) as other:
        created = await create_instrument(bus, other, SYSTEM, an_instrument())
        assert other.instrument("TEST") == other.known(created.id) == created
        assert market.instrument("TEST") is None
        assert await market.find("TEST") == market.known(created.id) == created


async def test_a_tick_of_an_instrument_created_by_another_process_is_accepted(
    market: Market, bus: RedisBus, ticks: RedisTickStream
) -> None:
    async with Market(ticks, MIDNIGHT) as other:
        for symbol in ("ONE", "TWO"):
            await create_instrument(bus, other, SYSTEM, an_instrument(symbol))
            position = await ticks.publish([trade(symbol, NOW, 5)])
            assert await market.reached(position)
            quoted = market.quote(symbol)
            assert quoted is not None
            assert quoted.last == 5


async def test_concurrent_requests_for_a_new_symbol_wait_for_one_read(
    market: Market, bus: RedisBus, ticks: RedisTickStream
) -> None:
    async with Market(ticks, MIDNIGHT) as other:
        await create_instrument(bus, other, SYSTEM, an_instrument())

    async def found() -> bool:
        await market.learn(["TEST"])
        return market.instrument("TEST") is not None

    assert await asyncio.gather(found(), found()) == [True, True]


async def test_ticks_of_unknown_symbols_are_ignored(market: Market, ticks: RedisTickStream) -> None:
    assert await market.reached(await ticks.publish([trade("NONE", NOW, 5)]))
    assert market.quote("NONE") is None


async def test_all_processes_have_the_same_market(market: Market, bus: RedisBus, ticks: RedisTickStream) -> None:
    await create_instrument(bus, market, SYSTEM, an_instrument())
    recorder = Recorder(market, ticks, bus)
    await recorder.load()
    yesterday = nanos("2024-08-07T12:00:00Z")
    stream = [
        trade("TEST", yesterday, "9.5", 3),
        trade("TEST", yesterday + 1, "9.75", 3),
        quote("TEST", yesterday + 86_400 * 10**9, "10", "10.5", bid_size="1", ask_size="2"),
        trade("TEST", yesterday + 86_400 * 10**9 + 1, "10.25", 4),
        trade("TEST", yesterday + 86_400 * 10**9 + 2, "10.5", 5),
    ]
    expected = None
    for cut, tick in enumerate(stream):
        # Stored after the second tick, so that the later markets start from there and read on.
        await market.reached(await ticks.publish([tick]))
        recorder.take_in((await ticks.drain("0-0"))[cut:])
        if cut == 1:
            await recorder.flush()
    expected = market.quote("TEST")
    assert expected is not None
    assert (expected.previous_close, expected.volume) == (Decimal("9.75"), 9)
    async with Market(ticks, MIDNIGHT) as late:
        assert late.quote("TEST") == expected
        assert late.board.kept("TEST") == market.board.kept("TEST")


async def test_quotes_survive_a_flushed_server(
    market: Market, bus: RedisBus, ticks: RedisTickStream, services: EmbeddedServices
) -> None:
    await create_instrument(bus, market, SYSTEM, an_instrument())
    recorder = Recorder(market, ticks, bus)
    await recorder.load()
    await market.reached(await ticks.publish([trade("TEST", NOW, 5)]))
    recorder.take_in(await ticks.drain("0-0"))
    await recorder.flush()
    await ticks._client.flushall()
    async with Market(ticks, MIDNIGHT) as late:
        assert late.quote("TEST") == market.quote("TEST") is not None
        # Both go on with what is published after the loss.
        await ticks.publish([trade("TEST", NOW + 1, 6)])
        for seeing in (market, late):
            await eventually(lambda seeing=seeing: getattr(seeing.quote("TEST"), "last", None) == 6)


async def test_waiting_for_a_position_that_never_comes_times_out_with_an_error(market: Market) -> None:
    assert not await market.reached("9999999999999-0", timeout_seconds=0.05)


async def test_instruments_have_their_trading_hours(market: Market, bus: RedisBus) -> None:
    always = await create_instrument(bus, market, SYSTEM, an_instrument("ALWAYS"))
    shares = await create_instrument(bus, market, SYSTEM, an_instrument("SHARES", calendar="XSHG"))
    lunch = moment("2024-08-08T04:00:00+00:00")
    assert market.is_open(always, lunch)
    assert market.session_end(always, lunch) is None
    assert not market.is_open(shares, lunch)
    assert market.session_end(shares, lunch) == datetime(2024, 8, 8, 7, tzinfo=UTC)
    assert market.day_of("ALWAYS", nanos("2024-08-08T20:00:00Z")).opens == nanos("2024-08-08T00:00:00Z")
    assert market.day_of("SHARES", nanos("2024-08-08T20:00:00Z")).opens == nanos("2024-08-09T01:30:00Z")
    # Beyond what the calendar knows, the platform's own day is what there is.
    assert market.day_of("SHARES", nanos("1980-08-08T20:00:00Z")).opens == nanos("1980-08-08T00:00:00Z")


async def test_unknown_trading_hours_count_as_closed(market: Market, bus: RedisBus) -> None:
    instrument = an_instrument(calendar="MOON")
    now = moment("2024-08-08T04:00:00+00:00")
    assert not market.is_open(instrument, now)
    assert market.session_end(instrument, now) is None
