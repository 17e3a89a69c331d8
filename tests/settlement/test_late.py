"""Days that are ended late, after trading has gone on: positions and money end as if somebody had been in time."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from domain.accounts.queries import read_books
from domain.accounts.types import AccountKind, PositionMode
from domain.kernel.database import fetch, pool
from domain.kernel.time import utc_now
from domain.market.action_service import record_corporate_action
from domain.market.actions import CorporateActionKind, NewAction
from domain.orders.model.types import PositionEffect, Side
from domain.settlement.rolling import roll_days
from tests.support.days import ROLL, assert_proved, close_at, order, roll, statements, trade
from tests.support.trading import Platform

MIDNIGHT = ROLL.last_before(utc_now())
K = CorporateActionKind


async def make_yesterday(account_id: UUID) -> None:
    """What the account did so far was before the last day roll, which nobody has come for yet."""
    before = MIDNIGHT - timedelta(hours=1)
    await pool().execute("UPDATE executions SET created_at = $2 WHERE account_id = $1", account_id, before)
    await pool().execute("UPDATE accounts SET rolled_at = $2 WHERE id = $1", account_id, before)


async def announce(desk: Platform, kind: CorporateActionKind, **figures: str) -> None:
    """An action of SHARE that began with the last day roll."""
    values = {name: Decimal(value) for name, value in figures.items()}
    given = NewAction("SHARE", kind, MIDNIGHT.date(), **values)
    services = desk.services
    at = MIDNIGHT - timedelta(hours=2)
    await record_corporate_action(services.bus, services.market, ROLL, desk.admin, given, at)


async def end_yesterday(desk: Platform) -> None:
    services = desk.services
    await roll_days(services.bus, services.market, ROLL, utc_now())


async def position(account_id: UUID, symbol: str) -> list[tuple[Decimal, ...]]:
    rows = await fetch(
        "SELECT p.quantity, p.average_price, p.today_quantity FROM positions p JOIN instruments i "
        "ON i.id = p.instrument_id WHERE p.account_id = $1 AND i.symbol = $2 ORDER BY p.bucket",
        account_id,
        symbol,
    )
    return [tuple(row) for row in rows]


async def test_a_late_roll_settles_futures_as_held_at_the_end_of_the_day(desk: Platform) -> None:
    owner, account = await desk.open_account("100000", kind=AccountKind.MARGIN)
    await trade(desk, owner, order(account.id, "FUT", Side.BUY, "2"))
    await make_yesterday(account.id)
    await trade(desk, owner, order(account.id, "FUT", Side.SELL, "1"))
    await close_at(desk, "FUT", "105", first=0)
    await end_yesterday(desk)
    assert await position(account.id, "FUT") == [(Decimal(1), Decimal(105), Decimal(0))]
    rows = await fetch("SELECT kind, amount FROM account_transactions WHERE sequence > 1 ORDER BY sequence")
    assert [tuple(row) for row in rows] == [
        ("REALIZED_PNL", Decimal("-0.20")),
        ("SETTLEMENT", Decimal("99.80")),
        # Sold at 99.99, of what had been settled at 105.
        ("REALIZED_PNL", Decimal("-49.90")),
    ]
    book = (await read_books([account.id]))[account.id]
    assert (book.cash, book.realized_pnl) == (Decimal("100049.70"), Decimal("49.70"))
    assert [row["realized_pnl"] for row in await fetch("SELECT realized_pnl FROM executions ORDER BY sequence")] == [
        Decimal(0), Decimal("-50.1"),
    ]  # fmt: skip
    await assert_proved(desk, account.id)
    await roll(desk)
    await statements(account.id)
    await assert_proved(desk, account.id)


async def test_positions_bought_on_the_ex_date_are_not_adjusted(desk: Platform) -> None:
    owner, account = await desk.open_account("100000", kind=AccountKind.MARGIN)
    gone, seller = await desk.open_account("100000", kind=AccountKind.MARGIN)
    fresh, buyer = await desk.open_account("100000", kind=AccountKind.MARGIN)
    await trade(desk, owner, order(account.id, "SHARE", Side.BUY, "10"))
    await trade(desk, gone, order(seller.id, "SHARE", Side.BUY, "10"))
    for account_id in (account.id, seller.id, buyer.id):
        await make_yesterday(account_id)
    await announce(desk, K.CASH_DIVIDEND, amount_per_unit="1")
    await announce(desk, K.SPLIT, ratio="7")
    await trade(desk, owner, order(account.id, "SHARE", Side.BUY, "5"))
    await trade(desk, gone, order(seller.id, "SHARE", Side.SELL, "10"))
    await trade(desk, fresh, order(buyer.id, "SHARE", Side.BUY, "3"))
    await end_yesterday(desk)
    # Ten made seventy; the five came afterwards.
    ((quantity, _, today),) = await position(account.id, "SHARE")
    assert (quantity, today) == (Decimal(75), Decimal(5))
    assert [row[0] for row in await position(seller.id, "SHARE")] == [Decimal(60)]
    assert [row[0] for row in await position(buyer.id, "SHARE")] == [Decimal(3)]
    paid = await fetch(
        "SELECT account_id, amount FROM account_transactions WHERE kind = 'DIVIDEND' ORDER BY account_id"
    )
    assert [tuple(row) for row in paid] == [(account.id, Decimal("10.00")), (seller.id, Decimal("10.00"))]
    (split,) = await fetch("SELECT accounts_affected FROM corporate_actions WHERE kind = 'SPLIT'")
    assert split["accounts_affected"] == 2
    await assert_proved(desk, account.id, seller.id, buyer.id)
    await roll(desk)
    for account_id in (account.id, seller.id, buyer.id):
        await statements(account_id)


async def test_a_late_roll_does_not_release_units_bought_after_it(desk: Platform) -> None:
    await pool().execute("UPDATE instruments SET settlement_cycle = 'T1' WHERE symbol = 'SHARE'")
    await pool().execute("UPDATE topic_versions SET version = version + 1")
    owner, account = await desk.open_account("100000")
    await trade(desk, owner, order(account.id, "SHARE", Side.BUY, "10"))
    await make_yesterday(account.id)
    await trade(desk, owner, order(account.id, "SHARE", Side.BUY, "4"))
    await end_yesterday(desk)
    ((quantity, _, today),) = await position(account.id, "SHARE")
    assert (quantity, today) == (Decimal(14), Decimal(4))


async def test_closings_beyond_the_adjusted_position_are_booked_as_executed(desk: Platform) -> None:
    owner, account = await desk.open_account("100000", kind=AccountKind.MARGIN, position_mode=PositionMode.HEDGING)
    await trade(desk, owner, order(account.id, "SHARE", Side.BUY, "10"))
    await make_yesterday(account.id)
    await announce(desk, K.SPLIT, ratio="0.5")
    await trade(desk, owner, order(account.id, "SHARE", Side.SELL, "8", position_effect=PositionEffect.CLOSE))
    await end_yesterday(desk)
    assert [row[0] for row in await position(account.id, "SHARE")] == [Decimal(1)]
    await assert_proved(desk, account.id)


@pytest.mark.parametrize("rolls", [1, 3])
async def test_missed_days_with_trades_between_them_settle_separately(desk: Platform, rolls: int) -> None:
    owner, account = await desk.open_account("100000", kind=AccountKind.MARGIN)
    (first,) = await trade(desk, owner, order(account.id, "FUT", Side.BUY, "2"))
    (second,) = await trade(desk, owner, order(account.id, "FUT", Side.BUY, "2"))
    for placed, days in ((first, 3), (second, 1)):
        at = MIDNIGHT - timedelta(days=days, hours=-1)
        await pool().execute("UPDATE executions SET created_at = $2 WHERE order_id = $1", placed.id, at)
    await pool().execute("UPDATE accounts SET rolled_at = $1", MIDNIGHT - timedelta(days=3, hours=-2))
    await close_at(desk, "FUT", "101", "103", "102", first=-2)
    services = desk.services
    if rolls == 1:
        await roll_days(services.bus, services.market, ROLL, utc_now())
    for days in range(rolls - 1, -1, -1):
        await roll_days(services.bus, services.market, ROLL, MIDNIGHT - timedelta(days=days))
    rows = await fetch("SELECT day, quantity_before, price, cash FROM position_adjustments ORDER BY day")
    assert [tuple(row)[1:] for row in rows] == [
        (Decimal(2), Decimal(101), Decimal("19.80")),
        (Decimal(2), Decimal(103), Decimal(40)),
        # Two more were bought at 100.01 on the last day, the first two were worth 103 by then.
        (Decimal(4), Decimal(102), Decimal("19.80")),
    ]
    book = (await read_books([account.id]))[account.id]
    assert book.cash == Decimal("100000") + Decimal("79.60")
    assert await position(account.id, "FUT") == [(Decimal(4), Decimal(102), Decimal(0))]
    await assert_proved(desk, account.id)
