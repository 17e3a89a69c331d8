"""Partitions by month: made once and ahead, dropped whole."""

import asyncio
from datetime import UTC, datetime

from domain.kernel.bus import NullBus
from domain.kernel.database import fetch
from domain.kernel.partition_queries import Partitioned, drop_partitions, ensure_partitions, month_of, partition_name
from domain.kernel.unit_of_work import unit_of_work

TABLE = Partitioned("equity_samples")


async def ensure(at: datetime, ahead: int = 1) -> list[str]:
    async with unit_of_work(NullBus()) as work:
        return await ensure_partitions(work, TABLE, at, ahead=ahead)


async def test_partitions_are_created_once_also_across_a_new_year(database: str) -> None:
    at = datetime(2031, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert await ensure(at) == ["equity_samples_2031_12", "equity_samples_2032_01"]
    assert await ensure(at) == []
    assert await ensure(at, ahead=2) == ["equity_samples_2032_02"]


async def test_concurrent_workers_create_partitions_once(database: str) -> None:
    at = datetime(2031, 5, 1, tzinfo=UTC)
    made = await asyncio.gather(*(ensure(at) for _ in range(4)))
    assert sorted(name for names in made for name in names) == ["equity_samples_2031_05", "equity_samples_2031_06"]


async def test_old_partitions_are_dropped_and_the_others_stay(database: str) -> None:
    await ensure(datetime(2031, 1, 15, tzinfo=UTC), ahead=3)
    async with unit_of_work(NullBus()) as work:
        dropped = await drop_partitions(work, TABLE, datetime(2031, 3, 1, tzinfo=UTC))
    # Migrating has made those of today, which are older.
    assert [name for name in dropped if "_2031_" in name] == ["equity_samples_2031_01", "equity_samples_2031_02"]
    rows = await fetch("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'equity_samples'::regclass")
    partitions = sorted(row[0] for row in rows if "_2031_" in row[0])
    assert partitions == ["equity_samples_2031_03", "equity_samples_2031_04"]


def test_months_are_those_of_utc() -> None:
    assert partition_name("t", month_of(datetime.fromisoformat("2031-01-01T01:00:00+02:00"))) == "t_2030_12"
