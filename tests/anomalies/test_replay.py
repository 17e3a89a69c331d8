"""Replays: what would have been found is what was found, with other settings what they say, and nothing is stored."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest

from domain.access.types import Role
from domain.anomalies import replay as replaying
from domain.anomalies.replay import ReplayDetector, replay_detector
from domain.anomalies.running import run_detectors
from domain.anomalies.types import AnomalyKind
from domain.kernel.database import fetch
from domain.kernel.errors import RateLimited
from domain.kernel.ids import new_id
from domain.kernel.time import utc_now
from tests.anomalies.test_running import accustomed, ask, pay
from tests.orders.factories import SPOT, command
from tests.support.trading import Platform, platform

REPLAY = """query ($i: ReplayDetectorInput!) { replayDetector(input: $i) { kind sensitivity warmup threshold events
  isComplete reachedAt count countNow findings { isFoundNow detectedAt severity accountId symbol score observed expected
    explanation evidence } } }"""
TABLES = ("anomalies", "anomaly_cases", "anomaly_memories", "anomaly_cursors", "risk_events", "anomaly_detectors")


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(database_url, redis_url, tmp_path, venue=False) as whole:
        await whole.add_instrument(replace(SPOT, id=new_id()))
        await whole.quote(SPOT.symbol, "99.99", "100.01")
        yield whole


async def everything() -> list[Any]:
    return [[tuple(row) for row in await fetch(f"SELECT * FROM {table} ORDER BY 1")] for table in TABLES]


def asked(since: datetime, kind: str = "ACCOUNT_BALANCE", **others: Any) -> dict[str, Any]:
    until = utc_now() + timedelta(minutes=1)
    return {"kind": kind, "from": since.isoformat(), "to": until.isoformat(), **others}


async def test_a_replay_repeats_the_findings_and_stores_nothing(desk: Platform) -> None:
    owner = await accustomed(desk)
    since = utc_now()
    transaction = await pay(desk, owner, "5000", "unusual")
    (told,) = (await run_detectors(desk.services.bus)).anomalies
    stored = await everything()
    found = await ask(desk, REPLAY, i=asked(since))
    assert (found["kind"], found["sensitivity"], found["threshold"]) == ("ACCOUNT_BALANCE", 0.5, 5.0)
    assert (found["events"], found["isComplete"], found["count"], found["countNow"]) == (13, True, 1, 1)
    (one,) = found["findings"]
    assert one["isFoundNow"] is True
    assert one["score"] == pytest.approx(told.score)
    assert (one["explanation"], one["accountId"], one["severity"]) == (
        told.explanation,
        str(told.account_id),
        told.severity,
    )
    assert (one["observed"], one["expected"]) == (told.observed, told.expected)
    assert orjson.dumps(one["evidence"]).decode() == told.evidence == f'{{"transactionIds":["{transaction}"]}}'
    assert await everything() == stored
    # What is before the range is learnt from, and not told.
    assert (await ask(desk, REPLAY, i=asked(utc_now())))["count"] == 0


async def test_a_replay_with_other_settings_gives_other_findings(desk: Platform) -> None:
    owner = await accustomed(desk)
    (account_id,) = owner.accounts
    since = utc_now()
    await pay(desk, owner, "420", "a little unusual")
    scores = {}
    for sensitivity in (0.0, 0.5, 1.0):
        found = await ask(desk, REPLAY, i=asked(since, sensitivity=sensitivity, accountId=str(account_id)))
        scores[sensitivity] = [one["score"] for one in found["findings"]]
        assert all(score >= found["threshold"] for score in scores[sensitivity])
        assert [one["isFoundNow"] for one in found["findings"]] == [found["countNow"] > 0] * found["count"]
    assert len(scores[0.0]) <= len(scores[0.5]) <= len(scores[1.0]) == 1
    assert scores[0.0] == []
    patient = await ask(desk, REPLAY, i=asked(since, sensitivity=1.0, warmup=1_000_000))
    assert (patient["warmup"], patient["count"]) == (1_000_000, 0)
    # Without what it learnt from, it knows nothing.
    assert (await ask(desk, REPLAY, i=asked(since, sensitivity=1.0, learningDays=0)))["count"] == 0


async def test_orders_are_replayed_through_the_order_detectors(desk: Platform) -> None:
    owner, account = await desk.open_account("100000000")
    sizes = [*(1 + index % 5 for index in range(60)), 5_000]
    since = utc_now()
    for size in sizes:
        await desk.place(owner, command(account_id=account.id, quantity=Decimal(size), limit_price=Decimal(99)))
    found = await ask(desk, REPLAY, i=asked(since, "ORDER_SIZE"))
    assert [(one["symbol"], one["observed"]) for one in found["findings"]] == [(SPOT.symbol, 495_000)]


async def test_a_replay_is_bounded(desk: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    await accustomed(desk)
    since = utc_now() - timedelta(hours=1)
    monkeypatch.setattr(replaying, "MAX_EVENTS", 5)
    cut = await ask(desk, REPLAY, i=asked(since))
    assert (cut["events"], cut["isComplete"]) == (5, False)
    monkeypatch.undo()
    monkeypatch.setattr(replaying, "MAX_SECONDS", 0.0)
    late = await ask(desk, REPLAY, i=asked(since))
    assert (late["events"], late["isComplete"]) == (0, False)


async def test_one_replay_runs_at_a_time(desk: Platform) -> None:
    given = ReplayDetector(AnomalyKind.ACCOUNT_BALANCE, utc_now() - timedelta(hours=1), utc_now())
    async with replaying._busy:
        with pytest.raises(RateLimited):
            await replay_detector(desk.admin, given)
    assert (await replay_detector(desk.admin, given)).count == 0


async def test_bad_input_names_its_field(desk: Platform) -> None:
    now = utc_now()
    whole = asked(now - timedelta(hours=1))
    for change, problem in (
        ({"to": (now - timedelta(hours=2)).isoformat()}, ("BadInput", "to")),
        ({"from": (now - timedelta(days=32)).isoformat()}, ("BadInput", "to")),
        (
            {"from": (now + timedelta(days=1)).isoformat(), "to": (now + timedelta(days=2)).isoformat()},
            ("BadInput", "from"),
        ),
        ({"learningDays": 61}, ("BadInput", "learningDays")),
        ({"learningDays": -1}, ("BadInput", "learningDays")),
        ({"sensitivity": 1.1}, ("BadInput", "sensitivity")),
        ({"warmup": 0}, ("BadInput", "warmup")),
        ({"kind": "STALE_MARKET_DATA"}, ("BadInput", "kind")),
        ({"kind": "SYSTEM_PERFORMANCE"}, ("BadInput", "kind")),
        ({"accountId": str(new_id())}, ("NotFound", "accountId")),
    ):
        assert await ask(desk, REPLAY, i=whole | change) == problem
    assert await ask(desk, REPLAY, await desk.add_actor(Role.TRADER), i=whole) == ("Forbidden", None)
