"""The end of the day: settlement, statements, missed days, and runs that are cut short."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from domain.accounts.queries import read_books
from domain.accounts.service import MoveCash, deposit, withdraw
from domain.accounts.types import AccountKind
from domain.kernel.database import fetch
from domain.kernel.errors import Unavailable
from domain.kernel.time import utc_now
from domain.market.types import AssetClass
from domain.orders.books.busting import bust_execution
from domain.orders.model.types import OrderStatus, OrderType, Side, TimeInForce
from domain.orders.queries import read_executions_of
from domain.settlement import rolling
from domain.settlement.account_roll import AccountRoll
from domain.settlement.rolling import NotAllRolled, roll_days
from domain.settlement.steps import STEPS
from tests.settlement.conftest import FREE, MARGIN_RATES, add_instruments
from tests.support.databases import DatabaseFactory
from tests.support.days import ROLL, assert_proved, close_at, dump, order, roll, roll_of, statements, trade
from tests.support.trading import Platform, instrument, platform


async def test_daily_settlements_of_futures_add_up_to_the_pnl_of_one_trade(desk: Platform) -> None:
    owner, account = await desk.open_account("100000", kind=AccountKind.MARGIN)
    await trade(desk, owner, order(account.id, "FUT", Side.BUY, "3"))
    await close_at(desk, "FUT", "104.01", "98.01", "98.01")
    assert (await roll(desk, 3)).accounts == 3
    rows = await fetch("SELECT kind, amount, note FROM account_transactions WHERE sequence > 1 ORDER BY sequence")
    assert [tuple(row) for row in rows] == [
        ("SETTLEMENT", Decimal("120.00"), "SETTLEMENT FUT 3 at 104.01"),
        ("SETTLEMENT", Decimal("-180.00"), "SETTLEMENT FUT 3 at 98.01"),
    ]
    (position,) = await fetch("SELECT quantity, average_price, realized_pnl FROM positions")
    assert tuple(position) == (Decimal(3), Decimal("98.01"), Decimal("-60.00"))
    await desk.quote("FUT", "102.01", "102.03")
    await trade(desk, owner, order(account.id, "FUT", Side.SELL, "3"))
    book = (await read_books([account.id]))[account.id]
    # Bought at 100.01, sold at 102.01, ten units each: what happened in between does not matter.
    assert (book.cash, book.realized_pnl) == (Decimal("100060.00"), Decimal("60.00"))
    await roll(desk, 4)
    told = await statements(account.id)
    assert [one.realized_pnl for one in told] == [Decimal(120), Decimal(-180), Decimal(0), Decimal(120)]
    assert [one.unrealized_pnl_change for one in told] == [Decimal(0)] * 4
    assert [one.closing_equity for one in told] == [Decimal(100120), Decimal(99940), Decimal(99940), Decimal(100060)]
    assert [one.positions[0].mark_price for one in told[:3]] == [Decimal("104.01"), Decimal("98.01"), Decimal("98.01")]
    assert [one.positions[0].unrealized_pnl for one in told[:3]] == [Decimal(0)] * 3
    await assert_proved(desk, account.id)


async def test_a_statement_lists_the_events_of_its_day(desk: Platform) -> None:
    owner, account = await desk.open_account("1000", kind=AccountKind.MARGIN)
    await trade(desk, owner, order(account.id, "COIN", Side.BUY, "3"))
    await trade(desk, owner, order(account.id, "COIN", Side.SELL, "1"))
    await withdraw(desk.services.bus, owner, MoveCash(account.id, Decimal(50), "out"), desk.services.books.available)
    await close_at(desk, "COIN", "110", "90")
    await roll(desk, 2)
    first, second = await statements(account.id)
    assert (first.opening_equity, first.deposits, first.withdrawals) == (Decimal(0), Decimal(1000), Decimal(50))
    assert (first.realized_pnl, first.executions) == (Decimal("-0.02"), 2)
    assert first.fees == Decimal("0.40")
    # Two coins bought at 100.01 and worth 110: what the day's close says, not what the quote does.
    assert first.unrealized_pnl_change == Decimal("19.98")
    assert first.closing_equity == Decimal(1000) - 50 - Decimal("0.02") - Decimal("0.40") + Decimal("19.98")
    (held,) = first.positions
    assert (held.symbol, held.quantity, held.mark_price, held.unrealized_pnl) == (
        "COIN",
        Decimal(2),
        Decimal(110),
        Decimal("19.98"),
    )
    assert (second.executions, second.unrealized_pnl_change, second.realized_pnl) == (0, Decimal(-40), Decimal(0))
    value = (await desk.services.books.read([account.id]))[account.id]
    assert value.account.day_opening_equity == second.closing_equity
    snapshots = await fetch("SELECT at, mark_price FROM position_snapshots ORDER BY at")
    assert [tuple(row) for row in snapshots] == [(roll_of(1), Decimal(110)), (roll_of(2), Decimal(90))]


async def test_a_statement_uses_no_price_later_than_its_day(desk: Platform) -> None:
    owner, account = await desk.open_account("1000", kind=AccountKind.MARGIN)
    await trade(desk, owner, order(account.id, "COIN", Side.BUY, "1"))
    # Of today there is the quote alone, and the day after tomorrow knows no price of its own.
    await close_at(desk, "COIN", "120", None, "80", first=2)
    await roll(desk, 4)
    told = await statements(account.id)
    assert [one.positions[0].mark_price for one in told] == [Decimal("100"), Decimal(120), Decimal(120), Decimal(80)]


async def test_a_position_without_a_price_is_valued_at_its_average(desk: Platform) -> None:
    owner, account = await desk.open_account("1000", kind=AccountKind.MARGIN)
    await trade(desk, owner, order(account.id, "FUT", Side.BUY, "1"))
    services = desk.services
    # The roll of a day that was over before there was any price: nothing is known of it.
    await fetch("UPDATE accounts SET rolled_at = $1 RETURNING 1", utc_now() - timedelta(days=3))
    await roll_days(services.bus, services.market, ROLL, ROLL.last_before(utc_now()))
    assert await fetch("SELECT 1 FROM position_adjustments") == []
    assert [one.positions[0].mark_price for one in await statements(account.id)] == [None] * 3


async def test_settlement_in_another_currency_uses_the_rate_of_the_day(desk: Platform) -> None:
    terms = {"asset_class": AssetClass.FUTURE, "currency": "EUR", "fees": FREE} | MARGIN_RATES
    await desk.add_instrument(instrument("EURFUT", **terms))
    await desk.add_instrument(instrument("EURUSD", asset_class=AssetClass.FX))
    await desk.quote("EURFUT", "99.99", "100.01")
    await desk.quote("EURUSD", "1.20", "1.20")
    owner, account = await desk.open_account("100000", kind=AccountKind.MARGIN)
    (bought,) = await trade(desk, owner, order(account.id, "EURFUT", Side.BUY, "10"))
    assert bought.status is OrderStatus.FILLED
    await close_at(desk, "EURFUT", "110.01", "110.01")
    await close_at(desk, "EURUSD", "1.25", "1.10")
    await roll(desk, 2)
    rows = await fetch("SELECT fx_rate, realized_pnl, cash FROM position_adjustments")
    # The second day brings nothing: what was settled is dollars, and owes nothing to the rate any more.
    assert [tuple(row) for row in rows] == [(Decimal("1.25"), Decimal(125), Decimal(125))]
    assert [one.closing_equity for one in await statements(account.id)] == [Decimal(100125)] * 2
    await assert_proved(desk, account.id)


async def test_busting_a_settled_execution_reverses_its_settlements(desk: Platform) -> None:
    owner, account = await desk.open_account("100000", kind=AccountKind.MARGIN)
    (bought,) = await trade(desk, owner, order(account.id, "FUT", Side.BUY, "2"))
    (other,) = await trade(desk, owner, order(account.id, "FUT", Side.BUY, "1"))
    await close_at(desk, "FUT", "110.01", "105.01")
    await roll(desk, 2)
    (execution,) = (await read_executions_of([bought.id]))[bought.id]
    await bust_execution(desk.services.order_context, desk.admin, execution.id, "never happened")
    book = (await read_books([account.id]))[account.id]
    assert (book.cash, book.realized_pnl) == (Decimal("100050.00"), Decimal("50.00"))
    await assert_proved(desk, account.id)
    await roll(desk, 3)
    told = await statements(account.id)
    assert [one.closing_equity for one in told] == [Decimal(100300), Decimal(100150), Decimal(100050)]
    assert other.status is OrderStatus.FILLED


async def test_day_orders_that_a_venue_left_open_are_cancelled(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    async with platform(database_url, redis_url, tmp_path, venue=False) as desk:
        await add_instruments(desk)
        owner, account = await desk.open_account("1000")
        terms = {"type": OrderType.LIMIT, "limit_price": Decimal(90)}
        day, good = await desk.place(
            owner,
            order(account.id, "COIN", Side.BUY, "1", time_in_force=TimeInForce.DAY, **terms),
            order(account.id, "COIN", Side.BUY, "1", **terms),
        )
        await fetch("UPDATE orders SET works_until = $1, created_at = $2 WHERE id = $3 RETURNING 1",
                    utc_now() - timedelta(hours=2), utc_now() - timedelta(hours=3), day.id)  # fmt: skip
        await roll(desk, 1)
        rows = await fetch("SELECT id, pending_action FROM orders ORDER BY id")
        assert [tuple(row) for row in rows] == [(day.id, "CANCEL"), (good.id, None)]
        commands = await fetch("SELECT kind, order_id FROM venue_commands ORDER BY id")
        assert [tuple(row) for row in commands][-1] == ("CANCEL", day.id)


# ---------------------------------------------------------------------- runs that are cut short


class _Cut:
    """A step that fails the run at some accounts, once each."""

    def __init__(self, *, at: int, error: Exception) -> None:
        self._left = at
        self._error = error

    async def __call__(self, roll: AccountRoll) -> None:
        self._left -= 1
        if self._left == 0:
            raise self._error


def _cuts() -> Iterator[tuple[int, _Cut]]:
    for place in range(len(STEPS) + 1):
        yield place, _Cut(at=1 + place % 3, error=Unavailable("the machine stopped"))


async def test_a_repeatedly_interrupted_roll_ends_with_the_same_books(
    prepared: tuple[str, list[UUID]],
    databases: DatabaseFactory,
    redis_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url, accounts = prepared
    with databases.copy(url) as copied:
        async with platform(copied, redis_url, tmp_path, venue=False) as desk:
            assert (await roll(desk, 7)).accounts == 21
            undisturbed = await dump()
        async with platform(url, redis_url, tmp_path, venue=False) as desk:
            for place, cut in _cuts():
                with monkeypatch.context() as patched:
                    patched.setattr(rolling, "STEPS", (*STEPS[:place], cut, *STEPS[place:]))
                    with pytest.raises(Unavailable):
                        await roll(desk, 7)
            assert (await roll(desk, 7)).finished
            assert await dump() == undisturbed
            assert await roll(desk, 7) == rolling.Rolled(0, 0)
            assert await dump() == undisturbed
            await assert_proved(desk, *accounts)
            for account_id in accounts:
                assert len(await statements(account_id)) == 7


async def test_a_failing_account_does_not_stop_the_roll_of_others(
    prepared: tuple[str, list[UUID]], redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, accounts = prepared

    async def refuse(roll: AccountRoll) -> None:
        if roll.account.id == accounts[1]:
            raise ArithmeticError("no such number")

    async with platform(url, redis_url, tmp_path, venue=False) as desk:
        with monkeypatch.context() as patched:
            patched.setattr(rolling, "STEPS", (*STEPS, refuse))
            with pytest.raises(NotAllRolled) as caught:
                await roll(desk, 2)
        assert (caught.value.accounts, caught.value.rolled) == (1, 4)
        assert [len(await statements(account_id)) for account_id in accounts] == [2, 0, 2]
        assert await roll(desk, 3) == rolling.Rolled(3, 5)
        assert [len(await statements(account_id)) for account_id in accounts] == [3, 3, 3]


async def test_a_run_stops_at_its_time_limit_and_the_next_continues(
    prepared: tuple[str, list[UUID]], redis_url: str, tmp_path: Path
) -> None:
    url, _ = prepared
    async with platform(url, redis_url, tmp_path, venue=False) as desk:
        services = desk.services
        done = await roll_days(services.bus, services.market, ROLL, roll_of(2), seconds=0)
        assert (done.accounts, done.finished) == (0, False)
        assert await roll(desk, 2) == rolling.Rolled(2, 6)
        owner, fresh = await desk.open_account("5")
        await deposit(services.bus, owner, MoveCash(fresh.id, Decimal(1), "more"))
        assert await roll(desk, 2) == rolling.Rolled(2, 2)
        assert [one.deposits for one in await statements(fresh.id)] == [Decimal(6), Decimal(0)]
