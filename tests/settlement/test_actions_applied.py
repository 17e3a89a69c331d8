"""Corporate actions in the books: positions, cash, working orders, quotes, risk rules; once, and provable."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from domain.access.audit_queries import AuditFilter, count_entries
from domain.access.types import Role
from domain.accounts.queries import read_books
from domain.accounts.types import AccountKind, PositionMode
from domain.kernel.database import fetch
from domain.kernel.errors import BadInput, Conflict, Forbidden, NotFound
from domain.kernel.ids import new_id
from domain.kernel.time import utc_now
from domain.kernel.unit_of_work import unit_of_work
from domain.market.action_service import find_corporate_actions, record_corporate_action
from domain.market.actions import CorporateActionKind, NewAction
from domain.orders.books.busting import bust_execution, correct_execution
from domain.orders.books.reversal import Correction
from domain.orders.model.types import OrderStatus, OrderType, PositionEffect, Side
from domain.orders.queries import read_executions_of, read_orders
from domain.risk.store import read_rules
from domain.settlement import market_day
from domain.settlement.rolling import roll_days
from tests.settlement.conftest import FREE, SHARE, add_instruments, announce, ex_date, held
from tests.support.days import ROLL, assert_proved, close_at, dump, order, roll, roll_of, statements, trade
from tests.support.trading import Platform, instrument, platform
from tests.support.waiting import until

K = CorporateActionKind


async def cash(account_id: UUID) -> Decimal:
    return (await read_books([account_id]))[account_id].cash


async def test_a_split_adjusts_position_orders_quotes_and_rules(desk: Platform) -> None:
    owner, account = await desk.open_account("100000", kind=AccountKind.MARGIN)
    await trade(desk, owner, order(account.id, "SHARE", Side.BUY, "10"))
    limit = {"type": OrderType.LIMIT}
    below, above = await trade(
        desk,
        owner,
        order(account.id, "SHARE", Side.BUY, "3", limit_price=Decimal(70), **limit),
        order(account.id, "SHARE", Side.SELL, "4", limit_price=Decimal("140.01"), **limit),
    )
    action = await announce(desk, K.SPLIT, ratio="7")
    await roll(desk)
    assert await held(account.id) == [(Decimal(70), Decimal("14.287142857143"), Decimal(0), Decimal(0))]
    assert await cash(account.id) == Decimal("98999.90")
    # The quote of the day before is in new shares, and so is what works.
    quote = desk.services.market.quote("SHARE")
    assert quote is not None
    assert (quote.bid, quote.ask) == (Decimal("14.284285714286"), Decimal("14.287142857143"))
    found = await read_orders([below.id, above.id])
    assert [(found[one.id].limit_price, found[one.id].quantity, found[one.id].version) for one in (below, above)] == [
        (Decimal(10), Decimal(21), below.version + 1),
        (Decimal("20.01"), Decimal(28), above.version + 1),
    ]
    value = (await desk.services.books.read([account.id]))[account.id]
    assert value.equity == Decimal("99999.90")
    assert value.account.reserved == Decimal(210)
    # The venue knows of it: it fills at the new prices only.
    await desk.quote("SHARE", "20.50", "20.60")
    done = await desk.filled(above.id, "28")
    assert (done.status, done.average_price) == (OrderStatus.FILLED, Decimal("20.01"))
    assert (await read_orders([below.id]))[below.id].status is OrderStatus.NEW
    await assert_proved(desk, account.id)
    (told,) = await find_corporate_actions(desk.services.market, "SHARE", None, None)
    assert (told.id, told.accounts_affected, told.applied_at is not None) == (action.id, 1, True)
    (statement,) = await statements(account.id)
    assert (statement.dividends, statement.realized_pnl) == (Decimal(0), Decimal(0))
    # A seventh of 100 has no end; money has, at the cent.
    assert statement.closing_equity == Decimal("99999.90")


async def test_a_reverse_split_pays_fractions_and_cancels_orders(desk: Platform) -> None:
    owner, account = await desk.open_account("100000", kind=AccountKind.MARGIN)
    short, other = await desk.open_account("100000", kind=AccountKind.MARGIN)
    await trade(desk, owner, order(account.id, "SHARE", Side.BUY, "50"))
    await trade(desk, short, order(other.id, "SHARE", Side.SELL, "50"))
    (working,) = await trade(
        desk, owner, order(account.id, "SHARE", Side.BUY, "3", type=OrderType.LIMIT, limit_price=Decimal(70))
    )
    await close_at(desk, "SHARE", "101")
    await announce(desk, K.SPLIT, ratio="0.05")
    await roll(desk)
    # Fifty make two and a half; the half is paid out at twenty times 101.
    assert (await held(account.id))[0][:2] == (Decimal(2), Decimal("2000.2"))
    assert (await held(other.id))[0][:2] == (Decimal(-2), Decimal("1999.8"))
    assert await cash(account.id) == Decimal(100000) - Decimal("5000.50") + 1010
    assert await cash(other.id) == Decimal(100000) + Decimal("4999.50") - 1010
    (statement,) = await statements(account.id)
    assert (statement.realized_pnl, statement.unrealized_pnl_change) == (Decimal("9.9"), Decimal("39.6"))
    (gone,) = await desk.settled(working.id)
    assert gone.status is OrderStatus.CANCELED
    await assert_proved(desk, account.id, other.id)


async def test_dividends_are_paid_to_longs_and_by_shorts_once(desk: Platform) -> None:
    owner, account = await desk.open_account("100000", kind=AccountKind.MARGIN, position_mode=PositionMode.HEDGING)
    await trade(desk, owner, order(account.id, "SHARE", Side.BUY, "10"), order(account.id, "SHARE", Side.SELL, "4"))
    stranger, late = await desk.open_account("100000")
    await announce(desk, K.CASH_DIVIDEND, amount_per_unit="2.65")
    await announce(desk, K.STOCK_DIVIDEND, ratio="0.5")
    await roll(desk)
    before = await dump()
    await roll(desk)
    assert await dump() == before
    rows = await fetch("SELECT kind, contra, amount, note FROM account_transactions WHERE kind = 'DIVIDEND' ORDER BY 3")
    assert [tuple(row) for row in rows] == [
        ("DIVIDEND", "DIVIDEND", Decimal("-10.60"), "DIVIDEND SHARE -4 per unit 2.65"),
        ("DIVIDEND", "DIVIDEND", Decimal("26.50"), "DIVIDEND SHARE 10 per unit 2.65"),
    ]
    assert [row[0] for row in await held(account.id)] == [Decimal(15), Decimal(-6)]
    (statement,) = await statements(account.id)
    assert statement.dividends == Decimal("15.90")
    # Who buys on the ex-date gets nothing.
    await desk.quote("SHARE", "64.89", "64.90")
    await trade(desk, stranger, order(late.id, "SHARE", Side.BUY, "1"))
    await roll(desk, 2)
    assert (await statements(late.id))[-1].dividends == Decimal(0)
    assert [one.accounts_affected for one in await find_corporate_actions(desk.services.market, None, None, None)] == [
        1,
        1,
    ]
    await assert_proved(desk, account.id, late.id)


async def test_a_symbol_change_applies_to_orders_and_rules(desk: Platform) -> None:
    owner, account = await desk.open_account("100000", kind=AccountKind.MARGIN)
    (working,) = await trade(
        desk, owner, order(account.id, "SHARE", Side.BUY, "3", type=OrderType.LIMIT, limit_price=Decimal(70))
    )
    await trade(desk, owner, order(account.id, "SHARE", Side.BUY, "10"))
    async with unit_of_work(desk.services.bus) as work:
        await work.execute(
            "INSERT INTO risk_rules (id, name, kind, scope, symbol, threshold, action, enabled, created_at, "
            "updated_at, version) VALUES ($1, 'r', 'MAX_ORDER_NOTIONAL', 'INSTRUMENT', 'SHARE', 1, 'WARN', true, "
            "$2, $2, 1)",
            new_id(),
            work.now,
        )
    await announce(desk, K.SYMBOL_CHANGE, new_symbol="META")
    with pytest.raises(Conflict) as caught:
        await announce(desk, K.SYMBOL_CHANGE, symbol="COIN", new_symbol="META")
    assert caught.value.context["field"] == "newSymbol"
    await roll(desk)
    market = desk.services.market
    assert market.instrument("SHARE") is None
    assert [rule.symbol for rule in await read_rules()] == ["META"]
    await until(lambda: _true(market.quote("META") is not None))
    (position,) = (await desk.services.books.read([account.id]))[account.id].positions
    assert (position.symbol, position.quantity, position.mark_price) == ("META", Decimal(10), Decimal(100))
    assert (await read_orders([working.id]))[working.id].symbol == "META"
    # The venue trades it under its new name.
    await desk.quote("META", "69.99", "70.00")
    await desk.filled(working.id, "3")
    assert (await statements(account.id))[0].positions[0].symbol == "META"
    assert [one.symbol for one in await find_corporate_actions(market, "META", None, None)] == ["SHARE"]
    with pytest.raises(NotFound):
        await find_corporate_actions(market, "SHARE", None, None)
    await assert_proved(desk, account.id)


async def _true(value: bool) -> bool:
    return value


async def test_a_delisting_closes_positions_at_a_price_or_freezes_them(desk: Platform) -> None:
    await desk.add_instrument(instrument("LOST", fees=FREE, **SHARE))
    await desk.quote("LOST", "99.99", "100.01")
    owner, account = await desk.open_account("100000", kind=AccountKind.MARGIN)
    await trade(desk, owner, *(order(account.id, symbol, Side.BUY, "10") for symbol in ("SHARE", "LOST", "FUT")))
    await announce(desk, K.DELISTING, amount_per_unit="30")
    await announce(desk, K.DELISTING, symbol="LOST")
    await announce(desk, K.DELISTING, symbol="FUT", amount_per_unit="-5")
    await roll(desk)
    rows = await fetch(
        "SELECT i.symbol, p.quantity, p.realized_pnl, p.held_quantity, i.tradable FROM positions p "
        "JOIN instruments i ON i.id = p.instrument_id ORDER BY 1"
    )
    assert [tuple(row) for row in rows] == [
        ("FUT", Decimal(0), Decimal("-10501"), Decimal(0), False),
        ("LOST", Decimal(10), Decimal(0), Decimal(10), False),
        ("SHARE", Decimal(0), Decimal("-700.1"), Decimal(0), False),
    ]
    assert await cash(account.id) == Decimal("100000") - Decimal("2000.20") + 300 - 10501
    (refused,) = await desk.place(owner, order(account.id, "LOST", Side.SELL, "10"))
    assert refused.reject_reason == "INSTRUMENT_NOT_TRADABLE"
    (statement,) = await statements(account.id)
    assert statement.realized_pnl == Decimal("-11201.1")
    await assert_proved(desk, account.id)


async def test_corrections_of_executions_before_an_action_are_adjusted_by_it(desk: Platform) -> None:
    owner, account = await desk.open_account("100000", kind=AccountKind.MARGIN)
    first, second = await trade(
        desk, owner, order(account.id, "SHARE", Side.BUY, "10"), order(account.id, "SHARE", Side.BUY, "5")
    )
    await announce(desk, K.CASH_DIVIDEND, amount_per_unit="1")
    await announce(desk, K.SPLIT, days=2, ratio="0.5")
    await roll(desk, 2)
    assert (await held(account.id))[0][:2] == (Decimal(7), Decimal("200.02"))
    executions = await read_executions_of([first.id, second.id])
    services = desk.services
    correction = Correction(Decimal("90"), Decimal(4))
    await correct_execution(services.order_context, desk.admin, executions[second.id][0].id, correction, "wrong price")
    assert (await held(account.id))[0][0] == Decimal(7)
    await assert_proved(desk, account.id)
    await bust_execution(services.order_context, desk.admin, executions[first.id][0].id, "never happened")
    assert (await held(account.id))[0][:2] == (Decimal(2), Decimal(180))
    await assert_proved(desk, account.id)
    kinds = await fetch("SELECT kind, sum(amount) AS amount FROM account_transactions GROUP BY 1 ORDER BY 1")
    # Four shares: a dividend of one each, and no fraction left of the two that they became.
    assert {row["kind"]: row["amount"] for row in kinds} == {
        "ADJUSTMENT": Decimal(0), "DEPOSIT": Decimal(100000), "DIVIDEND": Decimal(4), "TRADE": Decimal(-360),
    }  # fmt: skip
    await roll(desk, 3)
    await statements(account.id)


async def test_a_bust_cannot_restore_a_position_from_before_an_action(desk: Platform) -> None:
    owner, account = await desk.open_account("100000", kind=AccountKind.MARGIN)
    await trade(desk, owner, order(account.id, "SHARE", Side.BUY, "10"))
    (sold,) = await trade(desk, owner, order(account.id, "SHARE", Side.SELL, "10"))
    await announce(desk, K.SPLIT, ratio="2")
    await roll(desk)
    (execution,) = (await read_executions_of([sold.id]))[sold.id]
    with pytest.raises(Conflict):
        await bust_execution(desk.services.order_context, desk.admin, execution.id, "never happened")
    await assert_proved(desk, account.id)


async def test_recording_an_action_is_validated_audited_and_idempotent(desk: Platform) -> None:
    services = desk.services
    first = await announce(desk, K.SPLIT, ratio="2")
    assert (await announce(desk, K.SPLIT, ratio="2.0")).id == first.id
    with pytest.raises(Conflict):
        await announce(desk, K.SPLIT, ratio="3")
    with pytest.raises(NotFound):
        await announce(desk, K.SPLIT, symbol="NOPE", ratio="2")
    with pytest.raises(BadInput):
        await announce(desk, K.SPLIT, days=0, ratio="2")
    with pytest.raises(Conflict):
        await announce(desk, K.SYMBOL_CHANGE, new_symbol="COIN")
    manager = await desk.add_actor(Role.RISK_MANAGER)
    given = NewAction("SHARE", K.SPLIT, ex_date(5), Decimal(2))
    with pytest.raises(Forbidden):
        await record_corporate_action(services.bus, services.market, ROLL, manager, given, utc_now())
    assert len(await fetch("SELECT 1 FROM corporate_actions")) == 1
    assert await count_entries(AuditFilter(action="recordCorporateAction")) == 1
    with pytest.raises(BadInput):
        await find_corporate_actions(services.market, None, ex_date(2), ex_date(1))


@pytest.fixture
async def quiet(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(database_url, redis_url, tmp_path, venue=False) as whole:
        await add_instruments(whole)
        yield whole


async def test_a_run_that_dies_before_publishing_prices_publishes_them_later(
    quiet: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def die(*_: object) -> None:
        raise ConnectionError("the machine stopped")

    await announce(quiet, K.SPLIT, ratio="2")
    market = quiet.services.market
    with monkeypatch.context() as patched:
        patched.setattr(market_day, "_publish", die)
        with pytest.raises(ConnectionError):
            await roll(quiet)
    assert market.quote("SHARE") is not None
    assert market.quote("SHARE").bid == Decimal("99.99")  # type: ignore[union-attr]
    await roll(quiet)
    assert market.quote("SHARE").bid == Decimal("49.995")  # type: ignore[union-attr]
    assert (await find_corporate_actions(market, "SHARE", None, None))[0].applied_at is not None
    assert await fetch("SELECT 1 FROM market_days WHERE restated IS NOT NULL") == []


async def test_a_symbol_change_to_a_used_symbol_waits(quiet: Platform) -> None:
    await announce(quiet, K.SYMBOL_CHANGE, new_symbol="META")
    await quiet.add_instrument(instrument("META"))
    await roll(quiet)
    assert quiet.services.market.instrument("SHARE") is not None
    (waiting,) = await find_corporate_actions(quiet.services.market, "SHARE", None, None)
    assert (waiting.effective_at, waiting.applied_at) == (None, None)
    assert (await roll_days(quiet.services.bus, quiet.services.market, ROLL, roll_of(2))).days == 1


async def test_both_legs_of_a_hedging_account_are_split_separately(desk: Platform) -> None:
    """A hedging account's two sides are split each for itself, today's units with them."""
    owner, account = await desk.open_account("100000", kind=AccountKind.MARGIN, position_mode=PositionMode.HEDGING)
    await trade(desk, owner, order(account.id, "SHARE", Side.BUY, "10"), order(account.id, "SHARE", Side.SELL, "5"))
    await announce(desk, K.SPLIT, ratio="3")
    await roll(desk)
    assert [row[0] for row in await held(account.id)] == [Decimal(30), Decimal(-15)]
    await desk.quote("SHARE", "33.33", "33.34")
    close = order(account.id, "SHARE", Side.SELL, "30", position_effect=PositionEffect.CLOSE)
    (closed,) = await trade(desk, owner, close)
    assert closed.status is OrderStatus.FILLED
    assert [row[0] for row in await held(account.id)] == [Decimal(0), Decimal(-15)]
    await assert_proved(desk, account.id)


async def test_a_split_scales_order_bounds_and_the_whole_position_can_be_closed(desk: Platform) -> None:
    await desk.add_instrument(instrument("LIMITED", fees=FREE, **SHARE, max_quantity=Decimal(10)))
    await desk.quote("LIMITED", "100", "100.02")
    owner, account = await desk.open_account("100000", kind=AccountKind.MARGIN)
    await trade(desk, owner, *(order(account.id, "LIMITED", Side.BUY, "9") for _ in range(2)))
    await announce(desk, K.SPLIT, symbol="LIMITED", ratio="4")
    await roll(desk)
    terms = (await desk.services.market.refresh()).by_symbol["LIMITED"]
    assert (terms.min_quantity, terms.max_quantity, terms.lot_size, terms.tick_size) == (1, 40, 1, Decimal("0.01"))
    # No order was restated, and still the venue knows what is held: the exit is not cut to the shares of before.
    await desk.quote("LIMITED", "25", "25.02")
    closing = order(account.id, "LIMITED", Side.SELL, "72", reduce_only=True)
    (placed,) = await desk.place(owner, closing)
    await desk.filled(placed.id, "72")
    assert (await held(account.id))[0][0] == 0
    await assert_proved(desk, account.id)
