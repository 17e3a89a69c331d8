"""History of accounts and positions: samples of equity and snapshots of positions.

``snapshot`` is a step of use cases that have valued accounts under their locks, such as the day roll. ``sample_equity``
and ``snapshot_positions`` value all accounts by themselves, without a lock: each batch is read as of one moment. A
moment is sampled once, so a repeated or interrupted run adds only missing samples.
"""

from collections.abc import AsyncIterator, Collection
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from domain.kernel.bus import Bus
from domain.kernel.partition_queries import ensure_partitions
from domain.kernel.unit_of_work import UnitOfWork, unit_of_work
from domain.market.market import Market
from domain.positions import history_queries as queries
from domain.positions.valuation import value_all
from domain.positions.values import AccountValue

BATCH = 1_000
_BEFORE_ALL = UUID(int=0)
_TABLES = (queries.EQUITY_SAMPLES, queries.POSITION_SNAPSHOTS)


async def snapshot(work: UnitOfWork, values: Collection[AccountValue], at: datetime) -> None:
    """Store equity and positions of valued accounts as of ``at``: a step, in a constant number of statements.

    A stored sample or snapshot of the same moment stays as it is.
    """
    for table in _TABLES:
        await ensure_partitions(work, table, at)
    await queries.insert_samples(work, values, at)
    held = [position for value in values for position in queries.worth_keeping(value.positions, value.account)]
    await queries.insert_snapshots(work, held, at)


async def sample_flow(work: UnitOfWork, value: AccountValue, amount: Decimal) -> None:
    """Sample an account right before and right after a flow: a period of returns ends between the two."""
    for table_of in (work.now - queries.BEFORE_FLOW, work.now):
        await ensure_partitions(work, queries.EQUITY_SAMPLES, table_of)
    await queries.insert_flow_samples(work, value, amount)


async def sample_equity(bus: Bus, market: Market, now: datetime) -> int:
    """Sample the equity of every account that is not closed, as of the minute of ``now``, and return their number.

    Three statements per thousand accounts. Idempotent: a minute is sampled once.
    """
    at = now.replace(second=0, microsecond=0)
    sampled = 0
    async for values in _valued(market):
        async with unit_of_work(bus) as work:
            await ensure_partitions(work, queries.EQUITY_SAMPLES, at)
            await queries.insert_samples(work, values, at)
            await queries.raise_peaks(work, values)
        sampled += len(values)
    return sampled


async def snapshot_positions(bus: Bus, market: Market, now: datetime) -> int:
    """Store equity and positions of every account that is not closed, as of the hour of ``now``; returns their number.

    Idempotent: an hour is stored once, as it was at the first run in it.
    """
    at = now.replace(minute=0, second=0, microsecond=0)
    kept = 0
    async for values in _valued(market):
        async with unit_of_work(bus) as work:
            await snapshot(work, values, at)
        kept += len(values)
    return kept


async def _valued(market: Market) -> AsyncIterator[list[AccountValue]]:
    """Every account that is not closed, valued at the newest quotes, in batches."""
    after = _BEFORE_ALL
    while True:
        books, positions = await queries.read_living(after, BATCH)
        if not books:
            return
        # After the positions: what they are of is known then.
        catalog = await market.refresh()
        yield [value_all(book, positions[book.id].values(), catalog.by_id, market.quote) for book in books]
        after = books[-1].id
