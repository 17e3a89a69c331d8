"""The report on programmed trading: its windows on real orders, and its marks."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from domain.access.types import Role
from domain.anomalies.program_trading import ProgramThresholds, WatchedBehaviour, behaviours_of
from domain.anomalies.program_trading_queries import BusiestMinute, Conduct
from domain.kernel.ids import new_id
from domain.kernel.time import utc_now
from domain.orders.entry.canceling import cancel_orders
from domain.orders.model.commands import CancelOrders
from domain.orders.model.types import OrderType, Side
from tests.anomalies.test_running import ask
from tests.orders.factories import SPOT, command
from tests.support.trading import Platform, platform

REPORT = """query ($i: ProgramTradingReportInput!) { programTradingReport(input: $i) { from to isComplete accounts {
  accountId behaviours orders cancels peakMessages peakAt instantCancels cancelRatio pushes
  busiestMinute { at symbol side notional share move } } } }"""
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
QUIET = Conduct(new_id(), 0, 0, 0, None, 0, 0, None)
MINUTE = BusiestMinute(NOW, "TEST", Side.BUY, Decimal(1_000_000), 0.3, -0.003)


@pytest.mark.parametrize(
    ("conduct", "shown"),
    [
        (QUIET, ()),
        (replace(QUIET, peak=299, orders=299), ()),
        (replace(QUIET, peak=300, orders=300), (WatchedBehaviour.INSTANT_ORDER_RATE,)),
        (replace(QUIET, orders=15_000, cancels=5_000), (WatchedBehaviour.INSTANT_ORDER_RATE,)),
        (replace(QUIET, orders=10, cancels=8, instant_cancels=10), (WatchedBehaviour.FREQUENT_INSTANT_CANCELS,)),
        (replace(QUIET, orders=10, cancels=7, instant_cancels=10), ()),
        (replace(QUIET, orders=10, cancels=10, instant_cancels=9), ()),
        (replace(QUIET, cancels=10, instant_cancels=10), ()),
        (replace(QUIET, pushes=5), (WatchedBehaviour.FREQUENT_RAMPING,)),
        (replace(QUIET, pushes=4), ()),
        (replace(QUIET, minute=MINUTE), (WatchedBehaviour.LARGE_SHORT_TRADES,)),
        (replace(QUIET, minute=replace(MINUTE, notional=Decimal(999_999))), ()),
        (replace(QUIET, minute=replace(MINUTE, share=0.29)), ()),
        (replace(QUIET, minute=replace(MINUTE, move=0.0029)), ()),
    ],
)
def test_an_abnormal_behaviour_is_counted_from_its_threshold_on(
    conduct: Conduct, shown: tuple[WatchedBehaviour, ...]
) -> None:
    assert behaviours_of(conduct, ProgramThresholds()) == shown


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(database_url, redis_url, tmp_path) as whole:
        await whole.add_instrument(replace(SPOT, id=new_id()))
        await whole.quote(SPOT.symbol, "99.99", "100.01")
        yield whole


def asked(**marks: Any) -> dict[str, Any]:
    return {"day": utc_now().date().isoformat(), "timeZone": "UTC", **marks}


async def rows(desk: Platform, **marks: Any) -> dict[str, Any]:
    report = await ask(desk, REPORT, i=asked(**marks))
    assert report["isComplete"] is True
    return {str(row["accountId"]): row for row in report["accounts"]}


async def test_messages_and_instant_cancels_are_counted(desk: Platform) -> None:
    owner, account = await desk.open_account("1000000")
    placed = await desk.place(
        owner, *(command(account_id=account.id, quantity=Decimal(1), limit_price=Decimal(90)) for _ in range(20))
    )
    await desk.settled(*(order.id for order in placed))
    await cancel_orders(desk.services.bus, owner, CancelOrders(account_id=account.id))
    canceled = await desk.settled(*(order.id for order in placed))
    fast = sum((order.closed_at - order.created_at).total_seconds() <= 1 for order in canceled if order.closed_at)
    (row,) = (await rows(desk)).values()
    assert (row["accountId"], row["orders"], row["cancels"]) == (str(account.id), 20, 20)
    assert (row["instantCancels"], row["cancelRatio"], row["pushes"], row["busiestMinute"]) == (fast, 1.0, 0, None)
    assert 20 <= row["peakMessages"] <= 40
    assert (await rows(desk, instantCancels=21))[str(account.id)]["behaviours"] == []
    (row,) = (await rows(desk, messagesPerSecond=20, instantCancels=fast)).values()
    assert row["behaviours"] == ["INSTANT_ORDER_RATE", "FREQUENT_INSTANT_CANCELS"]
    assert await rows(desk, day="2020-01-01") == {}


async def test_price_pushes_and_large_takings_are_measured(desk: Platform) -> None:
    owner, account = await desk.open_account("100000000")
    for price, quantity in (("100", 1), ("101", 900)):
        middle = Decimal(price)
        await desk.quote(SPOT.symbol, str(middle - Decimal("0.01")), str(middle + Decimal("0.01")))
        order = command(
            account_id=account.id, side=Side.BUY, quantity=Decimal(quantity), type=OrderType.MARKET, limit_price=None
        )
        (bought,) = await desk.place(owner, order)
        await desk.filled(bought.id, str(quantity))
    (row,) = (await rows(desk)).values()
    assert (row["orders"], row["pushes"], row["behaviours"]) == (2, 1, [])
    minute = row["busiestMinute"]
    assert (minute["symbol"], minute["side"], minute["share"]) == (SPOT.symbol, "BUY", 1.0)
    assert minute["move"] == pytest.approx(0.01, abs=0.0001)
    # Within one minute both are taken, else the large one alone.
    assert minute["notional"] in ("91009.01", "90909")
    (row,) = (await rows(desk, pushes=1, minuteNotional=90_000)).values()
    assert row["behaviours"] == ["FREQUENT_RAMPING", "LARGE_SHORT_TRADES"]
    (row,) = (await rows(desk, pushMove=0.02)).values()
    assert row["pushes"] == 0


async def test_days_follow_the_zone_and_bad_input_is_named(desk: Platform) -> None:
    shown = await ask(desk, REPORT, i={"day": "2026-03-02"})
    assert (shown["from"], shown["to"]) == ("2026-03-01T16:00:00Z", "2026-03-02T16:00:00Z")
    for given, problem in (
        ({"timeZone": "Mars/Olympus"}, ("BadInput", "timeZone")),
        ({"timeZone": "../etc/passwd"}, ("BadInput", "timeZone")),
        ({"pushShare": -0.1}, ("BadInput", "pushShare")),
        ({"accountId": str(new_id())}, ("NotFound", "accountId")),
    ):
        assert await ask(desk, REPORT, i=asked(**given)) == problem
    assert await ask(desk, REPORT, await desk.add_actor(Role.TRADER), i=asked()) == ("Forbidden", None)
