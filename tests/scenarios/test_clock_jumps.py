"""The clocks of all processes jump by an hour, forwards and back, while a desk trades: nothing ends early or late."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from domain.kernel.time import Nanos
from tests.support.desk import Desk, signed_in
from tests.support.faked_clock import FakedClock, can_jump
from tests.support.installation import Installation, Process, installation
from tests.support.waiting import until

SYMBOL = "CLOCK.LAB"
HOUR = 3_600
_RULE = "mutation ($input: CreateRiskRuleInput!) { createRiskRule(input: $input) { id } }"
_TIMER = "mutation ($input: CancelAllAfterInput!) { cancelAllAfter(input: $input) { triggersAt } }"
_RUN = """mutation { runScheduledTask(name: "order-expiry") { id } }"""
_RUNS = """{ taskRuns(task: "order-expiry", first: 5) { edges { node { id state finishedAt } } } }"""

pytestmark = pytest.mark.skipif(not can_jump(), reason="Debian's faketime is not installed")


@pytest.fixture
def clock(tmp_path: Path) -> FakedClock:
    return FakedClock(tmp_path / "clock")


@pytest.fixture
def whole(databases: Any, services: Any, tmp_path: Path, clock: FakedClock) -> Iterator[Installation]:
    with (
        databases.migrated() as url,
        installation(url, services.redis_url, tmp_path / "data", **clock.settings) as whole,
    ):
        yield whole


async def test_clock_jumps_end_no_order_session_or_day_early_or_late(whole: Installation, clock: FakedClock) -> None:
    web, engine, worker = whole.web(), whole.engine(), whole.worker()
    whole.start(web, engine, worker)
    async with signed_in(web.address) as desk:
        await desk.create_instrument(SYMBOL)
        await desk.publish(SYMBOL, "99", "101")
        account_id = await desk.open_account("100000")
        rule = {"name": "rate", "kind": "MAX_ORDER_RATE", "scope": "ACCOUNT", "accountId": account_id}
        await desk.client.ask(_RULE, input=rule | {"threshold": "50", "windowSeconds": 60, "action": "REJECT"})
        expires = (datetime.now(UTC) + timedelta(minutes=30)).isoformat()
        order = await desk.place(
            account_id, SYMBOL, "BUY", "1", type="LIMIT", limitPrice="50", timeInForce="GTD", expiresAt=expires
        )
        await desk.client.ask(_TIMER, input={"accountId": account_id, "seconds": 1_800})
        for ahead in (HOUR, -HOUR, 0):
            clock.set(ahead)
            await until(partial(_has_jumped, desk, web, ahead), 60)
            await _goes_on(desk, account_id)
            assert (await desk.settled(order["id"]))["status"] == "NEW"
        # The sign-in of before is good, and so is a new one.
        async with signed_in(web.address) as again:
            assert await again.find(order["id"])
        await desk.cancel(order["id"])
        assert (await desk.settled(order["id"], "CANCELED"))["status"] == "CANCELED"
        await desk.check_books()
    for process in (web, engine, worker):
        assert psutil.pid_exists(process.pid)
        assert "Traceback" not in process.output


async def _has_jumped(desk: Desk, web: Process, ahead: int) -> bool:
    """The log has the time of the machine's clock."""
    await desk.client.ask("{ viewer { email } }")
    said = datetime.fromisoformat(web.output.splitlines()[-1].partition(" ")[0])
    return abs(said - datetime.now(UTC) - timedelta(seconds=ahead)) < timedelta(minutes=20)


async def _goes_on(desk: Desk, account_id: str) -> None:
    """Orders meet quotes, are dated right, and tasks run."""
    await desk.publish(SYMBOL, "99", "101")
    placed = await desk.place(account_id, SYMBOL, "BUY", "1")
    filled = await desk.settled(placed["id"], "FILLED", "REJECTED")
    assert filled["status"] == "FILLED", filled
    (execution,) = filled["executions"]
    told = Nanos.parse(execution["at"]).to_datetime()
    assert abs(told - datetime.now(UTC)) < timedelta(minutes=20)
    run_id = (await desk.client.ask(_RUN))["runScheduledTask"]["id"]

    async def is_done() -> bool:
        edges = (await desk.client.ask(_RUNS))["taskRuns"]["edges"]
        return any(edge["node"]["id"] == run_id and edge["node"]["state"] == "SUCCEEDED" for edge in edges)

    await until(is_done, 120)
