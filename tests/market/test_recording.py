"""The recorder stores every tick once, over restarts, lost servers and repeated replays."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from decimal import Decimal

import pytest

from adapters.embedded import EmbeddedServices
from adapters.redis.bus import RedisBus
from adapters.redis.tick_stream import RedisTickStream
from domain.access.types import SYSTEM
from domain.kernel.database import pool
from domain.kernel.errors import Unavailable
from domain.kernel.time import NANOS_PER_SECOND
from domain.kernel.unit_of_work import unit_of_work
from domain.market import queries
from domain.market.clocks import REPLAY
from domain.market.events import bar_channel, bar_message, read_bar
from domain.market.following import follow_bars
from domain.market.market import RECORDER, Market
from domain.market.recording import AnotherRecorder, Recorder
from domain.market.service import create_instrument
from domain.market.types import Bar, BarInterval, Instrument, Tick
from tests.support.market import MIDNIGHT, an_instrument, nanos, quote, trade
from tests.support.waiting import PATIENCE_SECONDS, eventually, take

START = nanos("2024-08-08T12:00:00Z")


@pytest.fixture
async def instrument(market: Market, bus: RedisBus) -> Instrument:
    """The traded instrument."""
    return await create_instrument(bus, market, SYSTEM, an_instrument())


@pytest.fixture
def make(market: Market, ticks: RedisTickStream, bus: RedisBus) -> Callable[[], Recorder]:
    """Recorders that store every now and then."""
    return lambda: Recorder(market, ticks, bus, flush_seconds=0.01)


async def record(make: Callable[[], Recorder]) -> None:
    """Record like the engine: after each error begin again from the database."""
    while True:
        try:
            recorder = make()
            await recorder.load()
            await recorder.run()
        except (AnotherRecorder, Unavailable):
            await asyncio.sleep(0.02)


@asynccontextmanager
async def running(recorder: Recorder) -> AsyncIterator[Recorder]:
    """A recorder at work."""
    await recorder.load()
    task = asyncio.create_task(recorder.run())
    try:
        yield recorder
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def at(second: int) -> int:
    """Seconds after the start."""
    return START + second * NANOS_PER_SECOND


async def minutes(instrument: Instrument) -> list[tuple[str, list[Decimal]]]:
    """Its bars of a minute: when they open, and their five numbers."""
    bars = await queries.read_bars(instrument, BarInterval.MINUTE, None, None, 100)
    return [(bar.at.isoformat()[11:16], [bar.open, bar.high, bar.low, bar.close, bar.volume]) for bar in bars]


async def stored_up_to(position: str) -> None:
    """Wait until everything up to a position is stored."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await _position() != position:
            await asyncio.sleep(0.005)


async def _position() -> str | None:
    with suppress(Unavailable):
        return (await queries.read_market(RECORDER)).position
    return None


async def test_quotes_and_bars_are_stored_together(
    instrument: Instrument, make: Callable[[], Recorder], ticks: RedisTickStream, market: Market
) -> None:
    async with running(make()):
        said: list[Tick] = [
            trade("TEST", at(0), 10, 2),
            trade("TEST", at(59), 12, 3),
            quote("TEST", at(61), "8", "9", bid_size="1", ask_size="2"),
            trade("TEST", at(62), 8, 4),
        ]
        position = await ticks.publish(said)
        await stored_up_to(position)
    assert await minutes(instrument) == [("12:00", [10, 12, 10, 12, 5]), ("12:01", [8, 8, 8, 8, 4])]
    (found,) = (await queries.read_market(RECORDER)).quotes
    assert found == market.board.kept("TEST")


async def test_a_restarted_recorder_continues_where_it_stopped(
    instrument: Instrument, make: Callable[[], Recorder], ticks: RedisTickStream
) -> None:
    for second in range(6):
        # What is published while nobody records waits in the stream.
        await ticks.publish([trade("TEST", at(second), 10 + second, 1)])
        async with running(make()):
            position = await ticks.publish([trade("TEST", at(second), 20 - second, 1)])
            await stored_up_to(position)
    assert await minutes(instrument) == [("12:00", [10, 20, 10, 15, 12])]


async def test_a_failed_write_is_repeated_once_later(
    instrument: Instrument, make: Callable[[], Recorder], ticks: RedisTickStream, services: EmbeddedServices
) -> None:
    async with pool().acquire() as connection, connection.transaction():
        # The tests' server writes late: make sure that the instrument survives what comes.
        await connection.execute("SET LOCAL synchronous_commit TO on")
        await connection.execute("UPDATE instruments SET updated_at = updated_at")
    recording = asyncio.create_task(record(make))
    try:
        await stored_up_to(await ticks.publish([trade("TEST", at(0), 10, 1)]))
        # This may even take back what was stored a moment ago.
        await asyncio.to_thread(services.postgres.kill)
        try:
            await ticks.publish([trade("TEST", at(1), 11, 1)])
        finally:
            await asyncio.to_thread(services.postgres.start)
        await stored_up_to(await ticks.publish([trade("TEST", at(2), 12, 1)]))
    finally:
        recording.cancel()
        await asyncio.gather(recording, return_exceptions=True)
    assert await minutes(instrument) == [("12:00", [10, 12, 10, 12, 3])]


async def test_a_repeated_write_after_a_lost_answer_counts_once(
    instrument: Instrument, make: Callable[[], Recorder], ticks: RedisTickStream
) -> None:
    recorder = make()
    await recorder.load()
    await ticks.publish([trade("TEST", at(0), 10, 1)])
    recorder.take_in(await ticks.drain("0-0"))
    unstored = recorder._take_out()
    await recorder._store(unstored)
    await recorder._store(unstored)
    assert await minutes(instrument) == [("12:00", [10, 10, 10, 10, 1])]


async def test_a_second_recorder_is_detected_before_it_counts_twice(
    instrument: Instrument, make: Callable[[], Recorder], ticks: RedisTickStream
) -> None:
    first, second = make(), make()
    for recorder in (first, second):
        await recorder.load()
    await ticks.publish([trade("TEST", at(0), 10, 1)])
    for recorder in (first, second):
        recorder.take_in(await ticks.drain("0-0"))
    await first.flush()
    await ticks.publish([trade("TEST", at(1), 11, 1)])
    second.take_in((await ticks.drain("0-0"))[1:])
    with pytest.raises(AnotherRecorder):
        await second.flush()
    assert await minutes(instrument) == [("12:00", [10, 10, 10, 10, 1])]


async def test_a_late_tick_changes_neither_quotes_nor_bars(
    instrument: Instrument, make: Callable[[], Recorder], ticks: RedisTickStream
) -> None:
    async with running(make()):
        await stored_up_to(await ticks.publish([trade("TEST", at(0), 10, 1), trade("TEST", at(60), 11, 1)]))
        await stored_up_to(await ticks.publish([trade("TEST", at(30), 9, 1)]))
    assert await minutes(instrument) == [("12:00", [10, 10, 10, 10, 1]), ("12:01", [11, 11, 11, 11, 1])]
    (stored,) = (await queries.read_market(RECORDER)).quotes
    assert (stored.quote.at, stored.quote.last, stored.quote.volume) == (at(60), 11, 2)


async def test_a_repeated_replay_replaces_its_bars(
    instrument: Instrument, make: Callable[[], Recorder], ticks: RedisTickStream
) -> None:
    said: list[Tick] = [trade("TEST", at(10 * number), 10 + number, 1) for number in range(8)]
    expected = [("12:00", [10, 15, 10, 15, 6]), ("12:01", [16, 17, 16, 17, 2])]
    for run in range(2):
        async with running(make()) as recorder:
            await recorder.reached(await ticks.last_position())
            recorder.replay("TEST")
            for tick in said:
                await stored_up_to(await ticks.publish([tick], source=f"{REPLAY}{run}"))
        assert await minutes(instrument) == expected


async def test_only_the_newest_one_second_bars_are_kept(instrument: Instrument, market: Market, bus: RedisBus) -> None:
    bars = [
        Bar("TEST", interval, nanos(f"2024-08-08T12:00:{second:02}Z"), *[Decimal(1)] * 5)
        for interval in (BarInterval.SECOND, BarInterval.MINUTE)
        for second in range(10)
    ]
    async with unit_of_work(bus) as work:
        await queries.grow_bars(work, [(instrument.id, bar) for bar in bars])
        await queries.prune_bars(work, [instrument.id], BarInterval.SECOND, 4)
    assert await queries.read_bars(instrument, BarInterval.SECOND, None, None, 100) == bars[6:10]
    assert await queries.read_bars(instrument, BarInterval.MINUTE, None, None, 100) == bars[10:]


async def test_followers_get_growing_bars(
    instrument: Instrument, make: Callable[[], Recorder], ticks: RedisTickStream, bus: RedisBus
) -> None:
    async with running(make()):
        await stored_up_to(await ticks.publish([trade("TEST", at(0), 10, 1)]))
        following = follow_bars(bus, instrument, BarInterval.MINUTE)
        assert [(bar.close, bar.volume) for bar in await take(following, 1)] == [(10, 1)]
        await ticks.publish([trade("TEST", at(1), 12, 2)])
        (grown,) = await take(following, 1)
        assert (grown.open, grown.high, grown.close, grown.volume) == (10, 12, 12, 3)
        await ticks.publish([trade("TEST", at(61), 11, 1)])
        (following_bar,) = await take(following, 1)
        assert (following_bar.at, following_bar.open) == (at(60), 11)


async def test_followers_read_bars_again_after_bus_losses(
    instrument: Instrument,
    make: Callable[[], Recorder],
    ticks: RedisTickStream,
    redis_url: str,
    services: EmbeddedServices,
) -> None:
    recorder = make()
    await recorder.load()
    async with RedisBus(redis_url) as listening:
        following = follow_bars(listening, instrument, BarInterval.MINUTE)
        waiting = asyncio.ensure_future(anext(following))
        await eventually(lambda: bool(listening._subscriptions._entered))
        await asyncio.to_thread(services.valkey.kill)
        # Stored while nobody can be told.
        position = f"{at(60) // 1_000_000}-1"
        recorder.take_in([(position, trade("TEST", at(0), 10, 1)), (position, trade("TEST", at(60), 11, 1))])
        await recorder.flush()
        await asyncio.to_thread(services.valkey.start)
        assert (await asyncio.wait_for(waiting, PATIENCE_SECONDS)).open == 10
        assert (await take(following, 1))[0].open == 11


def test_a_bar_is_delivered_when_its_message_is_lost() -> None:
    bar = Bar("TEST", BarInterval.MINUTE, nanos("2024-08-08T12:00:00Z"), *[Decimal("1.50")] * 5)
    channel, payload = bar_message(bar)
    assert channel == bar_channel("TEST", BarInterval.MINUTE) == "bars:MINUTE:TEST"
    assert read_bar("TEST", BarInterval.MINUTE, payload) == bar


async def test_quotes_of_several_days_and_markets_are_recorded(
    market: Market, ticks: RedisTickStream, bus: RedisBus, make: Callable[[], Recorder]
) -> None:
    shares = await create_instrument(bus, market, SYSTEM, an_instrument("SHARES", calendar="XNYS"))
    async with running(make()):
        friday, monday = nanos("2024-08-09T19:59:00Z"), nanos("2024-08-12T13:31:00Z")
        position = await ticks.publish(
            [trade("SHARES", friday, 10, 1), trade("SHARES", friday + 60 * 10**9 + 1, 11, 1)]
        )
        await stored_up_to(position)
        await stored_up_to(await ticks.publish([trade("SHARES", monday, 12, 1)]))
    bars = await queries.read_bars(shares, BarInterval.DAY, None, None, 10)
    # The print after Friday's close belongs to Friday.
    assert [(bar.at.isoformat(), bar.close, bar.volume) for bar in bars] == [
        ("2024-08-09T13:30:00Z", 11, 2),
        ("2024-08-12T13:30:00Z", 12, 1),
    ]
    async with Market(ticks, MIDNIGHT) as late:
        found = late.quote("SHARES")
        assert found is not None
        assert (found.previous_close, found.volume) == (11, 1)
