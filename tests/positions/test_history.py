"""Samples of equity and snapshots of positions: taken once, of all accounts, and read back in buckets."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from domain.accounts.service import MoveCash, deposit, set_account_state, withdraw
from domain.accounts.types import AccountKind, AccountState
from domain.kernel.database import fetch
from domain.kernel.ids import new_id
from domain.orders.model.types import OrderType, Side
from domain.positions import history_queries as queries
from domain.positions.history import sample_equity, snapshot_positions
from domain.positions.history_types import Flow
from domain.positions.types import Bucket
from tests.orders.factories import PERPETUAL, command
from tests.support.trading import Platform, platform

NOW = datetime(2026, 3, 31, 23, 59, 30, 5, tzinfo=UTC)
MINUTE = datetime(2026, 3, 31, 23, 59, tzinfo=UTC)


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(database_url, redis_url, tmp_path) as whole:
        await whole.add_instrument(replace(PERPETUAL, id=new_id()))
        await whole.quote("COIN-PERP", "99.99", "100.01")
        yield whole


async def trade(desk: Platform, owner: object, account_id: object, side: Side, quantity: str) -> None:
    order = command(
        account_id=account_id, symbol="COIN-PERP", side=side, type=OrderType.MARKET, quantity=Decimal(quantity)
    )
    (placed,) = await desk.place(owner, order)  # type: ignore[arg-type]  # an actor
    await desk.filled(placed.id, quantity)


async def test_all_open_accounts_are_sampled_once_a_minute(desk: Platform) -> None:
    services = desk.services
    owner, account = await desk.open_account("1000", kind=AccountKind.MARGIN)
    other, closed = await desk.open_account()
    await set_account_state(services.bus, other, closed.id, AccountState.CLOSED, "done")
    await trade(desk, owner, account.id, Side.BUY, "3")
    await desk.quote("COIN-PERP", "109.99", "110.01")
    value = (await services.books.read([account.id]))[account.id]
    assert await sample_equity(services.bus, services.market, NOW) == 1
    await desk.quote("COIN-PERP", "119.99", "120.01")
    assert await sample_equity(services.bus, services.market, NOW + timedelta(seconds=20)) == 1
    (sample,) = await queries.read_curve(account.id, [MINUTE, MINUTE + timedelta(minutes=1)])
    assert (sample.at, sample.equity, sample.cash) == (MINUTE, value.equity, value.cash)
    assert (sample.unrealized_pnl, sample.transaction_sequence) == (Decimal("29.97"), 2)
    assert await fetch("SELECT 1 FROM equity_samples WHERE account_id = $1", closed.id) == []


async def test_a_bucket_of_the_equity_curve_shows_its_last_sample(desk: Platform) -> None:
    services = desk.services
    owner, account = await desk.open_account("1000", kind=AccountKind.MARGIN)
    for minutes, amount in ((0, "1"), (1, "2"), (2, "4")):
        await deposit(services.bus, owner, MoveCash(account.id, Decimal(amount), f"more {minutes}"))
        await sample_equity(services.bus, services.market, NOW + timedelta(minutes=minutes))
    edges = [MINUTE + timedelta(minutes=minutes) for minutes in (-2, 0, 2, 4)]
    curve = await queries.read_curve(account.id, edges)
    assert [(sample.at - MINUTE, sample.equity) for sample in curve] == [
        (timedelta(minutes=1), Decimal(1003)),
        (timedelta(minutes=2), Decimal(1007)),
    ]
    last = await queries.read_last_sample(account.id, MINUTE + timedelta(seconds=90))
    assert last == curve[0]
    assert await queries.read_last_sample(account.id, MINUTE - timedelta(seconds=1)) is None


async def test_a_flow_counts_in_the_first_period_whose_sample_includes_it(desk: Platform) -> None:
    services = desk.services
    owner, account = await desk.open_account("1000", kind=AccountKind.MARGIN)
    await sample_equity(services.bus, services.market, NOW)
    await sample_equity(services.bus, services.market, NOW + timedelta(minutes=1))
    await deposit(services.bus, owner, MoveCash(account.id, Decimal(5), "in"))
    await withdraw(services.bus, owner, MoveCash(account.id, Decimal(7), "out"), services.books.available)
    await trade(desk, owner, account.id, Side.BUY, "3")
    await sample_equity(services.bus, services.market, NOW + timedelta(minutes=2))
    edges = [MINUTE + timedelta(minutes=minutes) for minutes in range(4)]
    samples = await queries.read_curve(account.id, edges)
    assert await queries.read_flows(account.id, samples) == [Flow(), Flow(Decimal(5), Decimal(7))]


async def test_snapshots_hold_positions_and_units_closed_today(desk: Platform) -> None:
    services = desk.services
    owner, account = await desk.open_account("1000", kind=AccountKind.MARGIN)
    await trade(desk, owner, account.id, Side.BUY, "3")
    hour = MINUTE.replace(minute=0)
    assert await snapshot_positions(services.bus, services.market, NOW) == 1
    await trade(desk, owner, account.id, Side.SELL, "3")
    assert await snapshot_positions(services.bus, services.market, NOW) == 1
    assert await snapshot_positions(services.bus, services.market, NOW + timedelta(hours=1)) == 1
    rows = await queries.read_snapshots(account.id, "COIN-PERP", hour, hour + timedelta(days=1), 10)
    assert [(row.at, row.symbol, row.bucket, row.quantity, row.average_price) for row in rows] == [
        (hour, "COIN-PERP", Bucket.NET, Decimal(3), Decimal("100.01")),
        (hour + timedelta(hours=1), "COIN-PERP", Bucket.NET, Decimal(0), Decimal(0)),
    ]
    assert [row.realized_pnl for row in rows] == [Decimal(0), Decimal("-0.06")]
    assert await queries.read_snapshots(account.id, "OTHER", hour, hour + timedelta(days=1), 10) == []
    assert len(await queries.read_curve(account.id, [hour, hour + timedelta(hours=2)])) == 1
