"""A replayed hour written to real stores and read back, whatever happens to them meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from adapters.series.influx import InfluxWriter, NotWritten
from adapters.settings.values import FeedSetting
from domain.kernel.database import fetch
from domain.kernel.time import utc_now
from domain.kernel.unit_of_work import unit_of_work
from domain.market import queries as market_queries
from domain.market.types import Bar, BarInterval
from tests.support.receivers import Receiver, receiver
from tests.support.series_stores import Store, series_store
from tests.support.trading import Platform, instrument, platform
from tests.support.waiting import until
from workers.exporting import Exporting
from workers.feed import run_feed

SYMBOL = "HOUR.T"
BEGIN = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture(params=["influxd", "victoria-metrics"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    with series_store(request.param, tmp_path / "store") as found:
        await found.start()
        yield found


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(database_url, redis_url, tmp_path, venue=False) as whole:
        await whole.add_instrument(instrument(SYMBOL, tick_size=Decimal("0.01")))
        yield whole


def recorded_hour(folder: Path) -> Path:
    """A quote each half second for an hour, in a file as a feed replays it."""
    random, price, rows = Random(3), 10_000, ["ts,symbol,bid,ask,bid_size,ask_size"]
    for step in range(7_200):
        price += random.randint(-3, 3)
        at = BEGIN + timedelta(seconds=step / 2)
        stamp = at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        rows.append(f"{stamp},{SYMBOL},{price / 100:.2f},{(price + 2) / 100:.2f},10,10")
    file = folder / "hour.csv"
    file.write_text("\n".join(rows) + "\n")
    return file


async def bars(desk: Platform) -> list[Bar]:
    found = await desk.services.market.find(SYMBOL)
    return await market_queries.read_bars(found, BarInterval.MINUTE, None, None, 1_000)


async def replay(desk: Platform, file: Path) -> list[Bar]:
    """Play the hour into the platform; its bars of a minute."""
    services = desk.services
    setting = FeedSetting("replay", file, None)
    task = asyncio.create_task(run_feed(setting, services.market, services.ticks, services.bus))
    try:

        async def all_there() -> list[Bar] | None:
            found = await bars(desk)
            last = await services.ticks.last_position()
            stored = await market_queries.read_market("recorder")
            return found if len(found) == 60 and stored.position == last else None

        return await until(all_there, 60)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def written(bar: Bar) -> int:
    return int(bar.at)


async def test_an_exported_hour_is_read_back_whole(desk: Platform, store: Store, tmp_path: Path) -> None:
    hour = await replay(desk, recorded_hour(tmp_path))
    _, book = await desk.open_account("1000")
    sampled = await sample(desk, book.id)
    writer = InfluxWriter(store.url, "tradegraph")
    exporting = Exporting(desk.services)
    while await exporting.export(writer):
        pass
    tags = {"symbol": SYMBOL, "interval": "MINUTE"}

    async def all_read() -> bool:
        # A store may show what it has taken a moment later.
        return len(store.read("tradegraph_bar", "close", tags)) == 60

    await until(all_read, 60)
    for field in ("open", "high", "low", "close", "volume"):
        expected = {written(bar): float(getattr(bar, field)) for bar in hour}
        assert store.read("tradegraph_bar", field, tags) == pytest.approx(expected)
    equity = store.read("tradegraph_equity", "equity", {"account": str(book.id)})
    assert list(equity.values()) == [1000.0] * sampled
    assert list(store.read("tradegraph_quote", "bid", {"symbol": SYMBOL}).values())
    assert list(store.read("tradegraph_system", "open_orders", {}).values()) == [0.0]
    assert list(store.read("tradegraph_component", "state", {"component": "postgresql"}).values()) == [0.0]
    # Once more writes nothing that is complete again.
    before = await fetch("SELECT source, reached_at FROM series_cursors ORDER BY source")
    assert not await exporting.export(writer)
    assert await fetch("SELECT source, reached_at FROM series_cursors ORDER BY source") == before


async def sample(desk: Platform, account_id: object) -> int:
    async with unit_of_work(desk.services.bus) as work:
        await work.execute("CREATE TABLE equity_samples_all PARTITION OF equity_samples DEFAULT")
        for minutes in range(5):
            await work.execute(
                "INSERT INTO equity_samples (account_id, at, equity, cash, unrealized_pnl, transaction_sequence) "
                "VALUES ($1, $2, 1000, 1000, 0, 1) ON CONFLICT DO NOTHING",
                account_id,
                utc_now().replace(microsecond=0) - timedelta(minutes=minutes),
            )
    (row,) = await fetch("SELECT count(*) AS number FROM equity_samples WHERE account_id = $1", account_id)
    number: int = row["number"]
    return number


async def test_a_store_gets_missed_points_when_it_returns(desk: Platform, store: Store, tmp_path: Path) -> None:
    store.stop()
    hour = await replay(desk, recorded_hour(tmp_path))
    writer, exporting = InfluxWriter(store.url, "tradegraph"), Exporting(desk.services)
    for _ in range(3):
        with pytest.raises(NotWritten, match="cannot be reached"):
            await exporting.export(writer)
    assert await fetch("SELECT FROM series_cursors") == []
    await store.start()
    while await exporting.export(writer):
        pass
    tags = {"symbol": SYMBOL, "interval": "MINUTE"}

    async def all_read() -> bool:
        return len(store.read("tradegraph_bar", "close", tags)) == len(hour)

    await until(all_read, 60)


@pytest.fixture
def refusing() -> Iterator[Receiver]:
    with receiver() as there:
        yield there


async def test_lines_that_a_store_refuses_do_not_delay_others(
    desk: Platform, refusing: Receiver, tmp_path: Path
) -> None:
    await replay(desk, recorded_hour(tmp_path))
    writer, exporting = InfluxWriter(f"http://127.0.0.1:{refusing.port}", "tradegraph"), Exporting(desk.services)
    refusing.status = 400
    assert not await exporting.export(writer)
    assert len(await fetch("SELECT FROM series_cursors")) >= 1
    # Who is not let in is no reason to go on without it.
    refusing.status = 401
    await desk.quote(SYMBOL, "1", "2")
    with pytest.raises(NotWritten, match="status 401"):
        await exporting.export(writer)
    assert "authorization" not in refusing.posts[-1].headers


@pytest.mark.parametrize(
    ("user", "token", "header"),
    [("", "abc", "Token abc"), ("user:pass%40word@", "", "Basic dXNlcjpwYXNzQHdvcmQ="), ("u:p@", "abc", "Token abc")],
)
async def test_a_writer_identifies_itself(refusing: Receiver, user: str, token: str, header: str) -> None:
    writer = InfluxWriter(f"http://{user}127.0.0.1:{refusing.port}", "tradegraph", token)
    await writer.write(["m v=1 1"])
    (post,) = refusing.posts
    assert post.headers["authorization"] == header
    assert post.path == "/write?db=tradegraph&precision=ns"
