"""Trading days of symbols as the detectors get them: from the calendars of their exchanges."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from domain.anomalies.facts import OrderPlaced
from domain.anomalies.queries import calendars_of, read_calendars_of_all
from domain.anomalies.rhythms import day_of
from domain.anomalies.running import run_detectors
from domain.anomalies.trading_days import trading_days_of
from domain.anomalies.types import AnomalyKind
from domain.kernel.ids import new_id
from domain.kernel.unit_of_work import unit_of_work
from domain.market.calendar_service import create_calendar
from domain.market.calendar_store import read_calendars
from domain.market.session_rules import CalendarRule, SessionRule
from domain.orders.model.types import Side
from tests.orders.factories import SPOT
from tests.support.trading import Platform, platform

CLOSED = frozenset({date(2026, 4, 28), date(2026, 4, 29), date(2026, 4, 30)})
RULE = CalendarRule("MINE", "Mine", ZoneInfo("UTC"), (SessionRule(time(9), time(17)),), closed=CLOSED)
LISTED = replace(SPOT, id=UUID(int=20), symbol="LISTED", calendar="MINE")
ENDS = (date(2026, 2, 27), date(2026, 3, 31), date(2026, 4, 27))


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(database_url, redis_url, tmp_path, venue=False) as whole:
        await create_calendar(whole.services.bus, whole.services.market, whole.admin, RULE)
        for instrument in (SPOT, LISTED):
            await whole.add_instrument(replace(instrument, id=new_id()))
        yield whole


def _orders(account_id: UUID, symbol: str) -> Iterator[OrderPlaced]:
    """Ten orders on each weekday, and on ends of months one that rebalances a thousand times as much."""
    day = date(2026, 1, 26)
    while day <= ENDS[-1]:
        sizes = [1 + number % 3 for number in range(10)] + ([3_000] if day in ENDS else [])
        for number, size in enumerate(sizes if day.weekday() < 5 else ()):
            at = datetime.combine(day, time(10), UTC) + timedelta(minutes=20 * number)
            yield OrderPlaced(
                str(new_id()), str(account_id), symbol, Side.BUY, Decimal(size), Decimal(100 * size), Decimal(100),
                Decimal(100), at,
            )  # fmt: skip
        day += timedelta(days=1)


async def test_symbols_have_the_holidays_of_their_exchange(desk: Platform) -> None:
    rules = await read_calendars()
    async with unit_of_work(desk.services.bus) as work:
        codes = await calendars_of(work, [LISTED.symbol, SPOT.symbol, "NONE"])
    assert codes == await read_calendars_of_all() == {LISTED.symbol: RULE.code}
    found = await trading_days_of(codes, rules)
    assert found[LISTED.symbol].holidays == frozenset(map(day_of, CLOSED))
    assert await trading_days_of({LISTED.symbol: "GONE"}, rules) == {}


@pytest.mark.parametrize(("symbol", "told"), [(LISTED.symbol, ENDS[:2]), (SPOT.symbol, ENDS)])
async def test_a_rebalance_on_the_last_trading_day_is_usual(
    desk: Platform, symbol: str, told: tuple[date, ...]
) -> None:
    _, account = await desk.open_account()
    report = await run_detectors(desk.services.bus, list(_orders(account.id, symbol)))
    found = [one.detected_at.date() for one in report.anomalies if one.kind is AnomalyKind.ORDER_SIZE]
    assert tuple(found) == told
