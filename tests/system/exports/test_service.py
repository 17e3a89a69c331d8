"""Exports in the domain: every row once, oldest first, in runs; the right to see them; the bound without a range."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest

from domain.access.types import Actor
from domain.kernel.errors import BadInput, NotFound
from domain.kernel.ids import new_id
from domain.kernel.partition_queries import ensure_partitions
from domain.kernel.time import utc_now
from domain.kernel.unit_of_work import unit_of_work
from domain.orders.model.commands import PlaceOrder
from domain.orders.model.types import OrderType, Side, TimeInForce
from domain.positions.history_queries import EQUITY_SAMPLES
from domain.system.exports.columns import COLUMNS, ExportKind
from domain.system.exports.service import ExportRequest, open_export
from tests.orders.factories import SPOT
from tests.support.trading import Platform, platform

SAMPLES = """
INSERT INTO equity_samples (account_id, at, equity, cash, unrealized_pnl, transaction_sequence)
SELECT $1, $2::timestamptz + n * interval '1 second', n, n, 0, 1 FROM generate_series(1, 1201) n
"""


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(database_url, redis_url, tmp_path) as whole:
        await whole.add_instrument(replace(SPOT, id=new_id()))
        await whole.quote("COIN", "99.99", "100.01")
        yield whole


async def exported(desk: Platform, actor: Actor, request: ExportRequest, **others: int) -> list[list[Any]]:
    """The runs of an export."""
    rows = await open_export(actor, desk.services.market, request, **others)
    async with aclosing(cast(Any, rows)) as runs:
        return [run async for run in runs]


async def test_every_order_is_exported_once_oldest_first_in_batches(desk: Platform) -> None:
    owner, book = await desk.open_account("1000000")
    terms = PlaceOrder(
        account_id=book.id,
        symbol="COIN",
        side=Side.BUY,
        type=OrderType.LIMIT,
        quantity=Decimal(1),
        limit_price=Decimal(50),
        time_in_force=TimeInForce.GTC,
    )
    placed = await desk.place(owner, *[terms] * 501)
    request = ExportRequest(ExportKind.ORDERS, book.id)
    runs = await exported(desk, owner, request)
    assert [len(run) for run in runs] == [500, 1]
    assert [order.id for run in runs for order in run] == sorted(order.id for order in placed)

    with pytest.raises(BadInput, match="more than 500 rows") as refused:
        await exported(desk, owner, request, max_rows=500)
    assert refused.value.context == {"field": "from"}
    # With a range any number is exported.
    ranged = replace(request, since=placed[0].created_at - timedelta(hours=1))
    assert sum(map(len, await exported(desk, owner, ranged, max_rows=500))) == 501
    assert await exported(desk, owner, replace(request, until=placed[0].created_at)) == [[]]


async def test_exported_transactions_add_up_to_the_cash(desk: Platform) -> None:
    owner, book = await desk.open_account("1000")
    (run,) = await exported(desk, owner, ExportRequest(ExportKind.LEDGER, book.id))
    assert [(row.sequence, row.amount, row.balance_after) for row in run] == [(1, Decimal(1000), Decimal(1000))]


async def test_samples_are_read_page_by_page(desk: Platform) -> None:
    owner, book = await desk.open_account()
    begin = utc_now() - timedelta(hours=2)
    async with unit_of_work(desk.services.bus) as work:
        await ensure_partitions(work, EQUITY_SAMPLES, begin)
        await work.execute(SAMPLES, book.id, begin)
    request = ExportRequest(ExportKind.EQUITY, book.id, begin + timedelta(seconds=1), begin + timedelta(seconds=1201))
    runs = await exported(desk, owner, request)
    assert [row.equity for run in runs for row in run] == list(range(1, 1201))
    assert max(len(run) for run in runs) == 500


@pytest.mark.parametrize("kind", ExportKind)
async def test_invisible_accounts_are_not_found(desk: Platform, kind: ExportKind) -> None:
    owner, book = await desk.open_account()
    stranger = await desk.add_actor()
    with pytest.raises(NotFound):
        await exported(desk, stranger, ExportRequest(kind, book.id))
    rows = [row for run in await exported(desk, owner, ExportRequest(kind, book.id)) for row in run]
    assert rows == []
    now = utc_now()
    with pytest.raises(BadInput, match="The end is before the start"):
        await exported(desk, owner, ExportRequest(kind, book.id, now, now - timedelta(1)))


def test_columns_have_the_names_of_the_api() -> None:
    assert list(COLUMNS[ExportKind.EQUITY]) == ["at", "equity", "cash", "unrealizedPnl"]
    assert len(set(COLUMNS[ExportKind.ORDERS])) == len(COLUMNS[ExportKind.ORDERS])
