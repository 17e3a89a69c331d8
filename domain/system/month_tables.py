"""Tables that are kept by month: months are made ahead, and old ones are dropped, those of the event log once archived.

By default the event log is never dropped, because only it explains orders and accounts; a setting changes that. It is
archived first, month by month, and a month is dropped only if the archive has as many rows of it.
"""

from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

import structlog

from domain.accounts.event_queries import ACCOUNT_EVENTS
from domain.kernel.bus import Bus
from domain.kernel.partition_queries import (
    Partitioned,
    count_rows,
    drop_partition,
    drop_partitions,
    ensure_partitions,
    old_partitions,
    sort_rest,
)
from domain.kernel.unit_of_work import UnitOfWork, unit_of_work
from domain.market.queries import INTRADAY_BARS
from domain.positions.history_queries import EQUITY_SAMPLES, POSITION_SNAPSHOTS

# Months ahead: a worker that is away for so long costs nothing but rows that are moved later.
_AHEAD = 2
TABLES = (ACCOUNT_EVENTS, INTRADAY_BARS, EQUITY_SAMPLES, POSITION_SNAPSHOTS)
_log = structlog.stdlib.get_logger("history")


@dataclass(frozen=True, slots=True)
class Kept:
    """The numbers of days for which data is kept; None is for ever."""

    history: int | None = 400
    bars: int | None = None
    events: int | None = None


class Archive(Protocol):
    """The archive files of dropped months."""

    async def keep(self, table: str) -> int:
        """Store all rows of a table, unless that was done, and return their number, once they are safe on disk."""
        ...


class ArchiveDisagrees(Exception):
    """The archive has another number of rows than the partition: nothing was dropped."""


async def make_months(begin: Callable[[], AbstractAsyncContextManager[UnitOfWork]], now: datetime) -> int:
    """Make the partitions of this month and the next two; returns their number. Idempotent.

    Each table in a transaction of its own, which ``begin`` opens: nobody holds one and waits for the next.
    """
    made = 0
    for table in TABLES:
        async with begin() as work:
            made += len(await ensure_partitions(work, table, now, ahead=_AHEAD))
    return made


async def keep_months(bus: Bus, now: datetime, kept: Kept, archive: Archive) -> dict[str, int]:
    """Make coming months, sort rows of months that nobody had made, and drop old months; the number of each.

    Each month is dropped in a transaction of its own, so that none is locked for long. Idempotent.

    Raises:
        ArchiveDisagrees: a month of the event log was not dropped.
    """
    made = await make_months(partial(unit_of_work, bus), now)
    for table in TABLES:
        if table.has_rest:
            async with unit_of_work(bus) as work:
                made += len(await sort_rest(work, table))
    dropped = 0
    for table, days in _bounded(kept):
        async with unit_of_work(bus) as work:
            dropped += len(await drop_partitions(work, table, now - timedelta(days=days)))
    archived = 0
    if kept.events is not None:
        archived = await _archive(bus, archive, now - timedelta(days=kept.events))
    return {"made": made, "dropped": dropped, "archived": archived}


def _bounded(kept: Kept) -> Iterable[tuple[Partitioned, int]]:
    if kept.history is not None:
        yield EQUITY_SAMPLES, kept.history
        yield POSITION_SNAPSHOTS, kept.history
    if kept.bars is not None:
        yield INTRADAY_BARS, kept.bars


async def _archive(bus: Bus, archive: Archive, before: datetime) -> int:
    """Archive the months of the event log that end before a moment, oldest first, and drop each of them."""
    async with unit_of_work(bus) as work:
        old = await old_partitions(work, ACCOUNT_EVENTS, before)
    for partition in old:
        stored = await archive.keep(partition.name)
        async with unit_of_work(bus) as work:
            found = await count_rows(work, partition.name)
            if found != stored:
                raise ArchiveDisagrees(f"{partition.name} has {found} rows, its archive {stored}")
            await drop_partition(work, ACCOUNT_EVENTS, partition.name)
        _log.warning("month of the event log archived", partition=partition.name, events=stored)
    return len(old)
