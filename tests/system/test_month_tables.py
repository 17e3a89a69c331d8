"""Tables that are kept by month: rows are never refused for want of a month, and what is dropped was archived."""

import gzip
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from adapters.database.archives import ArchiveDamaged, FolderArchive
from adapters.settings.loading import load_settings
from adapters.settings_error import SettingsError
from domain.accounts.event_queries import read_events, read_order_events
from domain.accounts.log import AccountLogs
from domain.accounts.service import MoveCash, deposit
from domain.kernel.database import fetch, fetch_row, pool
from domain.kernel.errors import BadInput
from domain.kernel.ids import first_id
from domain.kernel.partition_queries import month_of, partition_name
from domain.kernel.time import Nanos, utc_now
from domain.kernel.unit_of_work import unit_of_work
from domain.market.queries import grow_bars, read_bars
from domain.market.types import Bar, BarInterval
from domain.positions import history_queries
from domain.positions.history import sample_equity
from domain.system.month_tables import ArchiveDisagrees, Kept, keep_months
from tests.support.trading import Platform, instrument, platform

OLD = datetime(2019, 5, 6, 7, 8, tzinfo=UTC)
FOR_GOOD = Kept(history=None)
D = Decimal
INSERT = "INSERT INTO account_events (account_id, sequence, kind, at, payload) VALUES ($1, $2, 'CASH_MOVED', $3, '{}')"


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(database_url, redis_url, tmp_path, venue=False) as whole:
        yield whole


@pytest.fixture
def archive(tmp_path: Path) -> FolderArchive:
    return FolderArchive(tmp_path / "archive")


async def partitions(table: str) -> list[str]:
    rows = await fetch("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = $1::regclass", table)
    return sorted(row[0] for row in rows)


async def move_to(account_id: UUID, sequence: int, at: datetime) -> None:
    """Change the time of an event, with the log's triggers switched off."""
    connection = pool()
    await connection.execute("ALTER TABLE account_events DISABLE TRIGGER account_events_append_only")
    await connection.execute(
        "UPDATE account_events SET at = $3 WHERE account_id = $1 AND sequence = $2", account_id, sequence, at
    )
    await connection.execute("ALTER TABLE account_events ENABLE ALWAYS TRIGGER account_events_append_only")


async def test_migrations_create_months_ahead_and_events_go_into_theirs(desk: Platform) -> None:
    await desk.open_account("1000")
    now = utc_now()
    months = [partition_name("account_events", month_of(now) + ahead) for ahead in range(3)]
    assert await partitions("account_events") == [*months, "account_events_rest"]
    assert len(await partitions("bars_intraday")) == 4
    here, whole = [await fetch_row(f"SELECT count(*) FROM {name}") for name in (months[0], "account_events")]
    assert here == whole
    assert await fetch(f"SELECT 1 FROM {months[0]}")


async def test_rows_of_a_missing_month_are_stored_and_moved_later(desk: Platform, archive: FolderArchive) -> None:
    owner, account = await desk.open_account("1000")
    await move_to(account.id, 1, OLD)
    before = await read_events(account.id, 0)
    assert [event.sequence for event in before] == list(range(1, len(before) + 1))
    bus = desk.services.bus
    assert (await keep_months(bus, utc_now(), FOR_GOOD, archive))["made"] == 1
    assert (await keep_months(bus, utc_now(), FOR_GOOD, archive))["made"] == 0
    assert await read_events(account.id, 0) == before
    moved = await fetch("SELECT sequence FROM account_events_2019_05")
    assert [row["sequence"] for row in moved] == [1]
    assert await fetch("SELECT 1 FROM account_events_rest") == []
    # The log defends itself in each of its months, and in the rest.
    for name in await partitions("account_events"):
        for statement in ("DELETE FROM {}", "UPDATE {} SET kind = kind", "TRUNCATE {}"):
            with pytest.raises(asyncpg.RestrictViolationError):
                await pool().execute(statement.format(name))
        # The same number twice is refused where it would come from: within a month.
        keyed = await fetch("SELECT 1 FROM pg_constraint WHERE conrelid = $1::regclass AND contype = 'p'", name)
        assert len(keyed) == 1
    with pytest.raises(asyncpg.UniqueViolationError):
        await pool().execute(INSERT, account.id, 1, OLD)
    # It goes on being written.
    await deposit(bus, owner, MoveCash(account.id, D(1), "more"))


async def test_event_months_are_not_dropped_by_default(desk: Platform, archive: FolderArchive) -> None:
    _, account = await desk.open_account("1000")
    await move_to(account.id, 1, OLD)
    await keep_months(desk.services.bus, utc_now(), Kept(), archive)
    assert (await read_events(account.id, 0))[0].sequence == 1


@pytest.mark.tampers
async def test_old_months_are_archived_then_dropped_and_readers_get_an_error(
    desk: Platform, archive: FolderArchive, tmp_path: Path
) -> None:
    bus = desk.services.bus
    _, account = await desk.open_account("1000")
    first = (await read_events(account.id, 0))[0]
    await move_to(account.id, 1, OLD)
    kept = Kept(history=None, events=100)
    assert (await keep_months(bus, utc_now(), kept, archive))["archived"] == 1
    assert (await keep_months(bus, utc_now(), kept, archive))["archived"] == 0
    assert "account_events_2019_05" not in await partitions("account_events")
    with gzip.open(tmp_path / "archive" / "account_events_2019_05.csv.gz", "rt", encoding="utf-8") as file:
        header, line = file.read().splitlines()
    assert header == "account_id,sequence,kind,at,order_id,payload"
    assert line.startswith(f"{account.id},1,{first.kind},2019-05-06 07:08:00+00,,")
    log = AccountLogs(bus).of(account.id)
    with pytest.raises(BadInput, match="events after 0 are no longer in the database") as refused:
        await log.read(0, 10)
    assert refused.value.context["field"] == "after"
    assert [number for number, _ in await log.read(1, 10)] == [2]


@pytest.mark.tampers
async def test_a_follower_from_before_the_archive_gets_an_error_without_new_events(
    desk: Platform, archive: FolderArchive
) -> None:
    bus = desk.services.bus
    _, account = await desk.open_account("1000")
    last = len(await read_events(account.id, 0))
    for sequence in range(1, last + 1):
        await move_to(account.id, sequence, OLD)
    await keep_months(bus, utc_now(), Kept(history=None, events=100), archive)
    assert await read_events(account.id, 0) == []
    with pytest.raises(BadInput, match="no longer in the database"):
        await anext(aiter(AccountLogs(bus).of(account.id).follow(last - 1)))


async def test_a_month_with_an_invalid_archive_is_kept(desk: Platform, archive: FolderArchive, tmp_path: Path) -> None:
    bus, kept = desk.services.bus, Kept(history=None, events=100)
    _, account = await desk.open_account("1000")
    await move_to(account.id, 1, OLD)
    await keep_months(bus, utc_now(), FOR_GOOD, archive)
    assert await archive.keep("account_events_2019_05") == 1
    # One more row came after it was archived: it is not dropped with it.
    await move_to(account.id, 2, OLD)
    with pytest.raises(ArchiveDisagrees, match="account_events_2019_05 has 2 rows, its archive 1"):
        await keep_months(bus, utc_now(), kept, archive)
    file = tmp_path / "archive" / "account_events_2019_05.csv.gz"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ArchiveDamaged, match="was changed or cut off"):
        await keep_months(bus, utc_now(), kept, archive)
    assert len(await fetch("SELECT 1 FROM account_events_2019_05")) == 2


async def test_bars_of_days_are_kept_longer_than_shorter_bars(desk: Platform, archive: FolderArchive) -> None:
    bus = desk.services.bus
    coin = await desk.add_instrument(instrument("BARS"))

    def bar(interval: BarInterval, at: datetime) -> tuple[UUID, Bar]:
        return coin.id, Bar("BARS", interval, Nanos.of(at), D(1), D(2), D(1), D(2), D(5))

    rows = [bar(interval, OLD.replace(hour=0, minute=0)) for interval in BarInterval]
    async with unit_of_work(bus) as work:
        await grow_bars(work, rows)
        # Another part of the same bar is merged into it.
    async with unit_of_work(bus) as work:
        (grown,) = await grow_bars(work, [bar(BarInterval.MINUTE, OLD.replace(hour=0, minute=0))])
    assert grown.volume == 10
    assert len(await fetch("SELECT 1 FROM bars_intraday_rest")) == len(rows) - 1
    await keep_months(bus, utc_now(), FOR_GOOD, archive)
    assert len(await fetch("SELECT 1 FROM bars_intraday_2019_05")) == len(rows) - 1
    assert (await keep_months(bus, utc_now(), Kept(history=None, bars=100), archive))["dropped"] == 1
    left = [(row["interval"], row["at"]) for row in await fetch("SELECT interval, at FROM bars")]
    assert left == [("DAY", OLD.replace(hour=0, minute=0))]


async def test_samples_are_kept_for_the_configured_time(desk: Platform, archive: FolderArchive) -> None:
    services = desk.services
    _, account = await desk.open_account("1000")
    await sample_equity(services.bus, services.market, OLD)
    assert (await keep_months(services.bus, OLD, Kept(history=40), archive))["dropped"] == 0
    later = OLD + timedelta(days=75)
    assert (await keep_months(services.bus, later, Kept(history=40), archive))["dropped"] == 2
    assert await history_queries.read_last_sample(account.id, later) is None


async def plan(statement: str, *arguments: object) -> set[str]:
    """The months and other partitions that a statement looks into."""
    rows = await fetch(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) {statement}", *arguments)
    text = "\n".join(row[0] for row in rows if "never executed" not in row[0])
    names = [*await partitions("account_events"), *await partitions("bars"), *await partitions("bars_intraday")]
    return {name for name in names if f" on {name} " in f"{text} "}


async def test_statements_with_a_time_range_read_few_months(
    desk: Platform, archive: FolderArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, account = await desk.open_account("1000")
    await move_to(account.id, 1, OLD)
    await keep_months(desk.services.bus, utc_now(), FOR_GOOD, archive)
    asked: list[tuple[str, tuple[object, ...]]] = []

    async def noted(sql: str, *arguments: object) -> list[object]:
        asked.append((sql, arguments))
        return list(await fetch(sql, *arguments))

    monkeypatch.setattr("domain.accounts.event_queries.fetch", noted)
    monkeypatch.setattr("domain.market.queries.fetch", noted)
    await read_order_events([first_id(utc_now())])
    coin = instrument("BARS")
    await read_bars(coin, BarInterval.DAY, None, None, 10)
    await read_bars(coin, BarInterval.MINUTE, utc_now(), None, 10)
    of_order, of_days, of_minutes = [await plan(sql, *arguments) for sql, arguments in asked]
    assert "account_events_2019_05" not in of_order
    assert of_days == {"bars_day"}
    assert "bars_day" not in of_minutes
    assert "bars_intraday_2019_05" not in of_minutes
    assert of_minutes


@pytest.mark.parametrize("variable", ["HISTORY", "BARS", "EVENTS"])
def test_too_short_a_retention_is_refused(variable: str) -> None:
    with pytest.raises(SettingsError, match=f"TRADEGRAPH_KEEP_{variable}_DAYS"):
        load_settings({f"TRADEGRAPH_KEEP_{variable}_DAYS": "7"})
