"""A day at Shanghai, at New York and at a crypto venue: what is accepted when, what the day ends, what it releases."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from adapters.demo import demo_instruments
from domain.accounts.types import AccountKind
from domain.kernel.database import fetch, pool
from domain.kernel.day_roll import DayRoll
from domain.kernel.time import utc_now
from domain.market.types import AssetClass, Instrument
from domain.orders.deciding.pretrade import decide
from domain.orders.deciding.trading_book import TradingBook
from domain.orders.entry.context import OrderContext
from domain.orders.model.types import OrderType, RejectReason, Side, TimeInForce
from domain.orders.queries import read_executions_of
from domain.positions.types import Bucket
from domain.settlement.rolling import roll_days
from tests.orders.factories import command, trading_book
from tests.support.days import order, trade
from tests.support.market import moment
from tests.support.trading import Platform, platform, running_venue

SHANGHAI, NEW_YORK, CRYPTO = "600000.SSE", "AAPL.US", "BTCUSDT.BINANCE"
UTC_ROLL = DayRoll(time(0), ZoneInfo("UTC"))
NY_ROLL = DayRoll(time(17), ZoneInfo("America/New_York"))
LUNCH_ROLL = DayRoll(time(12), ZoneInfo("Asia/Shanghai"))
CLOSED = "MARKET_CLOSED"
QUANTITIES = {SHANGHAI: Decimal(200), NEW_YORK: Decimal(1), CRYPTO: Decimal("0.01")}

# Instrument, time, day roll; then what becomes of a DAY order: why it is refused, or until when it works.
TABLE = [
    # Shanghai: 09:30 to 11:30, lunch, 13:00 to 15:00. The day is one session, and so lunch ends no order.
    (SHANGHAI, "2024-08-08T09:29:59+08:00", UTC_ROLL, CLOSED),
    (SHANGHAI, "2024-08-08T09:30:00+08:00", UTC_ROLL, "2024-08-08T15:00:00+08:00"),
    (SHANGHAI, "2024-08-08T11:29:59+08:00", UTC_ROLL, "2024-08-08T15:00:00+08:00"),
    (SHANGHAI, "2024-08-08T11:30:00+08:00", UTC_ROLL, CLOSED),
    (SHANGHAI, "2024-08-08T12:59:59+08:00", UTC_ROLL, CLOSED),
    (SHANGHAI, "2024-08-08T13:00:00+08:00", UTC_ROLL, "2024-08-08T15:00:00+08:00"),
    (SHANGHAI, "2024-08-08T15:00:00+08:00", UTC_ROLL, CLOSED),
    (SHANGHAI, "2024-08-10T10:00:00+08:00", UTC_ROLL, CLOSED),  # Saturday
    (SHANGHAI, "2024-10-01T10:00:00+08:00", UTC_ROLL, CLOSED),  # National Day
    (SHANGHAI, "2024-02-12T10:00:00+08:00", UTC_ROLL, CLOSED),  # New Year
    # New York: 09:30 to 16:00, on the day before Independence Day to 13:00.
    (NEW_YORK, "2024-07-02T15:59:59-04:00", NY_ROLL, "2024-07-02T16:00:00-04:00"),
    (NEW_YORK, "2024-07-03T12:59:59-04:00", NY_ROLL, "2024-07-03T13:00:00-04:00"),
    (NEW_YORK, "2024-07-03T13:00:00-04:00", NY_ROLL, CLOSED),
    (NEW_YORK, "2024-07-04T10:00:00-04:00", NY_ROLL, CLOSED),
    (NEW_YORK, "2024-11-29T12:59:59-05:00", NY_ROLL, "2024-11-29T13:00:00-05:00"),  # after Thanksgiving
    # The week in which summer time begins, and the one in which it ends: an hour of UTC apart.
    (NEW_YORK, "2024-03-08T09:30:00-05:00", NY_ROLL, "2024-03-08T21:00:00+00:00"),
    (NEW_YORK, "2024-03-11T13:29:59+00:00", NY_ROLL, CLOSED),
    (NEW_YORK, "2024-03-11T13:30:00+00:00", NY_ROLL, "2024-03-11T20:00:00+00:00"),
    (NEW_YORK, "2024-11-01T13:30:00+00:00", NY_ROLL, "2024-11-01T20:00:00+00:00"),
    (NEW_YORK, "2024-11-04T13:30:00+00:00", NY_ROLL, CLOSED),
    (NEW_YORK, "2024-11-04T14:30:00+00:00", NY_ROLL, "2024-11-04T21:00:00+00:00"),
    # A crypto venue never closes: its day is the platform's, from roll to roll.
    (CRYPTO, "2024-08-10T12:00:00+00:00", UTC_ROLL, "2024-08-11T00:00:00+00:00"),
    (CRYPTO, "2024-12-25T23:59:59+00:00", UTC_ROLL, "2024-12-26T00:00:00+00:00"),
    (CRYPTO, "2024-08-08T00:00:00+00:00", UTC_ROLL, "2024-08-09T00:00:00+00:00"),
    (CRYPTO, "2024-03-09T21:59:59+00:00", NY_ROLL, "2024-03-09T22:00:00+00:00"),
    (CRYPTO, "2024-03-09T22:00:00+00:00", NY_ROLL, "2024-03-10T21:00:00+00:00"),  # the day of 23 hours
    (CRYPTO, "2024-11-02T21:00:00+00:00", NY_ROLL, "2024-11-03T22:00:00+00:00"),  # the day of 25 hours
]


@pytest.fixture
async def venues(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    """The demonstration instruments, each with a quote at its first price."""
    async with platform(database_url, redis_url, tmp_path, venue=False) as desk:
        for demo in demo_instruments():
            await desk.add_instrument(demo.instrument)
            price = demo.motion.price
            await desk.quote(demo.instrument.symbol, str(price), str(price + demo.instrument.tick_size))
        yield desk


def test_each_instrument_kind_has_a_demonstration() -> None:
    instruments = [demo.instrument for demo in demo_instruments()]
    assert {one.asset_class for one in instruments} == set(AssetClass)
    assert {one.inverse for one in instruments if one.asset_class is AssetClass.PERPETUAL} == {True, False}
    assert len({one.calendar for one in instruments}) == 5


async def test_each_market_accepts_orders_in_its_hours_and_ends_day_orders_at_its_close(venues: Platform) -> None:
    base = venues.services.order_context
    for symbol, at, roll, expected in TABLE:
        instrument = await venues.services.market.find(symbol)
        desk = OrderContext(base.bus, base.market, base.authenticator, base.limits, roll)
        now, book = moment(at), trading_book("10000000")
        book.account.currency = instrument.currency
        wanted = command(symbol=symbol, type=OrderType.MARKET, quantity=QUANTITIES[symbol])
        decision = decide(wanted, instrument, desk.market_state(instrument, now, instrument.currency), book)
        if expected == CLOSED:
            assert decision.reason is RejectReason.MARKET_CLOSED, (symbol, at)
        else:
            assert decision.accepted, (symbol, at, decision.message)
            day, good = (replace(wanted, time_in_force=each) for each in (TimeInForce.DAY, TimeInForce.GTC))
            assert desk.works_until(day, instrument, now) == moment(expected), (symbol, at)
            assert desk.works_until(good, instrument, now) is None


@pytest.mark.parametrize(
    ("roll", "bought", "released"),
    [
        # Bought in the morning of Thursday: Friday's roll, or that of Thursday night, lets it go.
        (UTC_ROLL, "2024-08-08T10:00:00+08:00", "2024-08-09T08:00:00+08:00"),
        (NY_ROLL, "2024-08-08T10:00:00+08:00", "2024-08-09T05:00:00+08:00"),
        # A roll in the middle of the session releases what was bought in sessions before, and nothing of this one.
        (LUNCH_ROLL, "2024-08-08T10:00:00+08:00", "2024-08-09T12:00:00+08:00"),
        (LUNCH_ROLL, "2024-08-08T14:00:00+08:00", "2024-08-09T12:00:00+08:00"),
        # Over the weekend it is free before Monday.
        (UTC_ROLL, "2024-08-09T14:00:00+08:00", "2024-08-10T08:00:00+08:00"),
    ],
)
async def test_t1_units_are_released_at_the_day_roll(
    venues: Platform, roll: DayRoll, bought: str, released: str
) -> None:
    account_id = await _bought(venues, moment(bought), roll)
    services = venues.services
    rolls, until = roll.next_after(moment(bought)), moment(released)
    while rolls < until:
        await roll_days(services.bus, services.market, roll, rolls)
        assert await _today(account_id) == Decimal(200), rolls
        rolls = roll.next_after(rolls)
    assert rolls == until
    await roll_days(services.bus, services.market, roll, rolls)
    assert await _today(account_id) == Decimal(0)


async def _bought(venues: Platform, at: datetime, roll: DayRoll) -> UUID:
    """Two lots, bought at ``at``: by an account that had its last roll before."""
    calendar = "UPDATE instruments SET calendar = $1 WHERE symbol = $2"
    services = venues.services
    await pool().execute(calendar, "24/7", SHANGHAI)
    await pool().execute("UPDATE topic_versions SET version = version + 1")
    owner, account = await venues.open_account("10000000", currency="CNY")
    async with running_venue(venues):
        (done,) = await trade(venues, owner, order(account.id, SHANGHAI, Side.BUY, "200"))
    (execution,) = (await read_executions_of([done.id]))[done.id]
    # Minimum commission: 2,500 yuan times a quarter of a thousandth would be less than five.
    assert (execution.fee, execution.tax) == (Decimal(5), Decimal(0))
    await pool().execute(calendar, "XSHG", SHANGHAI)
    await pool().execute("UPDATE topic_versions SET version = version + 1")
    await services.market.refresh()
    await pool().execute("UPDATE executions SET created_at = $1", at)
    await pool().execute("UPDATE accounts SET rolled_at = $1", roll.last_before(at))
    return account.id


async def _today(account_id: UUID) -> Decimal:
    (row,) = await fetch("SELECT today_quantity FROM positions WHERE account_id = $1", account_id)
    quantity: Decimal = row["today_quantity"]
    return quantity


def _share(book: TradingBook, share: Instrument, quantity: str, today: str) -> None:
    position = book.position(share.id, Bucket.NET)
    position.quantity, position.today_quantity = Decimal(quantity), Decimal(today)


# Side, quantity, limit; what is held and how much of it was bought today; the refusal.
A_SHARE: list[tuple[Side, str, str, str, str, RejectReason | None]] = [
    (Side.BUY, "100", "12.35", "0", "0", None),
    (Side.BUY, "150", "12.35", "0", "0", RejectReason.INVALID_LOT),
    (Side.BUY, "50", "12.35", "0", "0", RejectReason.INVALID_LOT),
    (Side.SELL, "150", "12.35", "150", "0", None),
    (Side.SELL, "100", "12.35", "150", "0", None),
    (Side.SELL, "30", "12.35", "150", "0", RejectReason.INVALID_LOT),
    (Side.SELL, "100", "12.35", "200", "200", RejectReason.INSUFFICIENT_POSITION),
    (Side.SELL, "100", "12.35", "200", "100", None),
    (Side.SELL, "200", "12.35", "200", "100", RejectReason.INSUFFICIENT_POSITION),
    (Side.SELL, "100", "12.35", "0", "0", RejectReason.INSUFFICIENT_POSITION),
    (Side.BUY, "100", "13.59", "0", "0", None),
    (Side.BUY, "100", "13.60", "0", "0", RejectReason.PRICE_OUT_OF_LIMITS),
    (Side.SELL, "100", "11.12", "100", "0", None),
    (Side.SELL, "100", "11.11", "100", "0", RejectReason.PRICE_OUT_OF_LIMITS),
    (Side.BUY, "100", "12.351", "0", "0", RejectReason.INVALID_TICK),
]


async def test_a_chinese_share_has_its_lots_price_limits_and_settlement(venues: Platform) -> None:
    """The last price is yesterday's close until today's first quote comes, and the limits are a tenth around it."""
    share, base = await venues.services.market.find(SHANGHAI), venues.services.order_context
    for side, quantity, limit, there, today, expected in A_SHARE:
        book = trading_book("100000", AccountKind.CASH, currency="CNY")
        _share(book, share, there, today)
        state = base.market_state(share, utc_now() + timedelta(days=4), "CNY")
        wanted: dict[str, Any] = {"symbol": SHANGHAI, "side": side, "quantity": Decimal(quantity)}
        given = command(limit_price=Decimal(limit), **wanted)
        decision = decide(given, share, replace(state, session_open=True), book)
        assert decision.reason is expected, (side, quantity, limit, there, today, decision.message)
