"""Old state plus events equals fresh state; and what the day roll changes."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from domain.accounts.events import read_events
from domain.accounts.types import AccountKind
from domain.kernel.day_roll import DayRoll
from domain.kernel.ids import new_id
from domain.orders.types import OrderType, Side
from domain.positions.live import LiveAccount
from domain.positions.streams import live_account, live_positions
from domain.positions.valuation import AccountValue
from domain.settlement.rolling import roll_days
from tests.orders.factories import PERPETUAL, command
from tests.support.trading import Platform, platform
from tests.support.waiting import take


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
    await desk.settled(placed.id)


def figures(value: AccountValue) -> AccountValue:
    """The value without the ledger's head, which live figures do not follow."""
    return replace(value, account=replace(value.account, transaction_sequence=0, transaction_hash=""))


async def test_old_state_plus_events_is_fresh_state(desk: Platform) -> None:
    owner, account = await desk.open_account("1000", kind=AccountKind.MARGIN)
    live = await LiveAccount.load(account.id)
    await trade(desk, owner, account.id, Side.BUY, "3")
    resting = command(account_id=account.id, symbol="COIN-PERP", limit_price=Decimal(90))
    await desk.settled((await desk.place(owner, resting))[0].id)
    await trade(desk, owner, account.id, Side.SELL, "5")
    events = await read_events(account.id, live.sequence)
    live.apply(events)
    live.apply(events)
    fresh = await LiveAccount.load(account.id)
    assert live.sequence == fresh.sequence
    assert figures(await live.value(desk.services.market)) == figures(await fresh.value(desk.services.market))


async def test_live_figures_follow_fills_and_quotes_and_equal_the_queried_ones(desk: Platform) -> None:
    owner, account = await desk.open_account("1000", kind=AccountKind.MARGIN)
    services = desk.services
    stream = live_account(services.logs.of(account.id), services.market, 0.02)
    (first,) = await take(aiter(stream), 1)
    assert (first.equity, first.positions) == (Decimal(1000), ())
    await trade(desk, owner, account.id, Side.BUY, "3")
    await desk.quote("COIN-PERP", "109.99", "110.01")
    while (value := (await take(aiter(stream), 1))[0]).unrealized_pnl != Decimal("29.97"):
        pass
    assert figures(value) == figures((await services.books.read([account.id]))[account.id])
    await stream.aclose()  # type: ignore[attr-defined]  # a generator


async def test_positions_are_told_when_they_change(desk: Platform) -> None:
    owner, account = await desk.open_account("1000", kind=AccountKind.MARGIN)
    await trade(desk, owner, account.id, Side.BUY, "3")
    stream = live_positions(desk.services.logs.of(account.id), desk.services.market, 0.02)
    (held,) = await take(stream, 1)
    assert held.quantity == Decimal(3)
    await trade(desk, owner, account.id, Side.SELL, "3")
    while (await take(stream, 1))[0].quantity:
        pass
    await stream.aclose()  # type: ignore[attr-defined]  # a generator


async def test_the_day_roll_happens_once_and_starts_the_day_from_equity(desk: Platform) -> None:
    owner, account = await desk.open_account("1000", kind=AccountKind.MARGIN)
    await trade(desk, owner, account.id, Side.BUY, "3")
    await desk.quote("COIN-PERP", "109.99", "110.01")
    services = desk.services
    roll = DayRoll(time(0), ZoneInfo("UTC"))
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert (await roll_days(services.bus, services.market, roll, datetime.now(UTC))).accounts == 0
    assert (await roll_days(services.bus, services.market, roll, tomorrow)).accounts == 1
    value = (await services.books.read([account.id]))[account.id]
    assert (value.day_pnl, value.account.day_transfers) == (Decimal(0), Decimal(0))
    assert value.positions[0].today_quantity == Decimal(0)
    sequence = value.account.event_sequence
    assert (await roll_days(services.bus, services.market, roll, tomorrow)).accounts == 0
    assert (await services.books.read([account.id]))[account.id].account.event_sequence == sequence
