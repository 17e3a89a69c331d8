"""Runs of the detectors over what is stored, and what people ask of them over the API."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, cast

import orjson
import pytest
from graphql import graphql

from api.anomalies.subscriptions import AnomaliesSubscription
from api.context import Context
from api.root import platform_schema
from domain.access.types import Actor, Role
from domain.accounts.queries import read_books
from domain.accounts.service import MoveCash, deposit
from domain.accounts.types import AccountState
from domain.anomalies.facts import Quoted, Sampled
from domain.anomalies.intake import IntakeRefusal
from domain.anomalies.running import run_detectors
from domain.anomalies.service import UpdateDetector, update_detector
from domain.anomalies.types import AnomalyKind
from domain.kernel.database import fetch
from domain.kernel.errors import DomainError, NotFound
from domain.kernel.ids import new_id
from domain.kernel.time import utc_now
from domain.orders.model.types import PendingAction
from domain.orders.queries import read_orders
from domain.risk.types import RiskAction, Severity
from tests.orders.factories import SPOT, command
from tests.support.streams import first_of
from tests.support.trading import Platform, platform
from tests.support.waiting import PATIENCE_SECONDS, until
from workers.detecting import run_detecting
from workers.tasks.anomalies import detect_anomalies
from workers.tasks.context import TaskContext

LIST = """query ($f: AnomalyFilter, $n: Int, $a: String) { anomalies(filter: $f, first: $n, after: $a) { totalCount
  edges { cursor node { id cursor kind severity accountId symbol score observed expected threshold explanation evidence
    riskEventId } } } }"""
DETECTORS = "{ anomalyDetectors { kind description enabled sensitivity warmup action lastRunAt findings24h } }"
UPDATE = """mutation ($i: UpdateAnomalyDetectorInput!) { updateAnomalyDetector(input: $i) {
  kind enabled sensitivity warmup action } }"""
RUN = "mutation ($k: [AnomalyKind!]) { runAnomalyDetection(kinds: $k) { kind accountId } }"


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(database_url, redis_url, tmp_path, venue=False) as whole:
        await whole.add_instrument(replace(SPOT, id=new_id()))
        await whole.quote(SPOT.symbol, "99.99", "100.01")
        yield whole


async def ask(desk: Platform, query: str, actor: Actor | None = None, **variables: Any) -> Any:
    """The value of the only root field, or the code of the only error with its field."""
    context = Context(desk.services, actor=actor or desk.admin)
    result = await graphql(platform_schema(), query, context_value=context, variable_values=variables)
    if result.errors:
        original = result.errors[0].original_error
        assert isinstance(original, DomainError), result.errors[0]
        return (type(original).__name__, original.context.get("field"))
    assert result.data is not None
    (value,) = result.data.values()
    return value


async def pay(desk: Platform, owner: Actor, amount: str, reference: str) -> str:
    (account_id,) = owner.accounts
    row = await deposit(desk.services.bus, owner, MoveCash(account_id, Decimal(amount), reference))
    return str(row.id)


async def accustomed(desk: Platform) -> Actor:
    """An account that is used to deposits of about a hundred, which the detectors have read."""
    owner, _ = await desk.open_account()
    for index in range(12):
        await pay(desk, owner, f"{90 + 2 * index}", f"usual-{index}")
    report = await run_detectors(desk.services.bus)
    assert (report.anomalies, report.is_unfinished) == ((), False)
    return owner


async def test_a_finding_becomes_one_anomaly_and_one_risk_event(desk: Platform) -> None:
    owner = await accustomed(desk)
    (account_id,) = owner.accounts
    transaction = await pay(desk, owner, "5000", "unusual")
    first, second = await asyncio.gather(*(run_detectors(desk.services.bus) for _ in range(2)))
    assert sorted((first.events, second.events)) == [0, 1]
    (found,) = first.anomalies + second.anomalies
    assert (found.sequence, found.kind, found.account_id) == (1, AnomalyKind.ACCOUNT_BALANCE, account_id)
    assert found.observed == 5000
    assert found.expected == pytest.approx(101, abs=5)
    assert found.evidence == f'{{"transactionIds":["{transaction}"]}}'
    (event,) = await fetch("SELECT * FROM risk_events")
    assert (event["id"], event["source"], event["kind"]) == (found.risk_event_id, "anomaly", "ACCOUNT_BALANCE")
    assert (event["message"], event["observed"]) == (found.explanation, 5000)
    assert event["action_taken"] is None
    assert (await run_detectors(desk.services.bus)).anomalies == ()


async def test_a_repeated_finding_is_reported_only_when_it_is_worse(desk: Platform) -> None:
    owner = await accustomed(desk)
    await pay(desk, owner, "2500", "unusual")
    (first,) = (await run_detectors(desk.services.bus)).anomalies
    await pay(desk, owner, "2500", "unusual too")
    assert (await run_detectors(desk.services.bus)).anomalies == ()
    await pay(desk, owner, "900000000", "enormous")
    (worse,) = (await run_detectors(desk.services.bus)).anomalies
    assert worse.fingerprint == first.fingerprint
    assert (first.severity, worse.severity) == (Severity.WARNING, Severity.CRITICAL)
    assert [row["sequence"] for row in await fetch("SELECT sequence FROM anomalies ORDER BY 1")] == [1, 2]


async def test_a_failed_run_is_repeated_without_effects_of_the_first(desk: Platform, monkeypatch: Any) -> None:
    owner = await accustomed(desk)
    await pay(desk, owner, "5000", "unusual")
    memories = await fetch("SELECT * FROM anomaly_memories ORDER BY id")

    async def fail(*_: Any) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("domain.anomalies.queries.save_head", fail)
    with pytest.raises(RuntimeError):
        await run_detectors(desk.services.bus)
    monkeypatch.undo()
    assert await fetch("SELECT * FROM anomaly_memories ORDER BY id") == memories
    assert await fetch("SELECT * FROM anomalies") == await fetch("SELECT * FROM risk_events") == []
    assert len((await run_detectors(desk.services.bus)).anomalies) == 1


async def test_a_disabled_detector_neither_learns_nor_reports(desk: Platform) -> None:
    owner = await accustomed(desk)
    await update_detector(desk.services.bus, desk.admin, UpdateDetector(AnomalyKind.ACCOUNT_BALANCE, enabled=False))
    before = await fetch("SELECT state FROM anomaly_memories")
    await pay(desk, owner, "5000", "unusual")
    assert (await run_detectors(desk.services.bus)).anomalies == ()
    assert await fetch("SELECT state FROM anomaly_memories") != before


async def test_the_action_halt_halts_the_account(desk: Platform) -> None:
    owner = await accustomed(desk)
    (account_id,) = owner.accounts
    change = UpdateDetector(AnomalyKind.ACCOUNT_BALANCE, action=RiskAction.HALT)
    await update_detector(desk.services.bus, desk.admin, change)
    await pay(desk, owner, "5000", "unusual")
    (found,) = (await run_detectors(desk.services.bus)).anomalies
    (halt,) = await fetch("SELECT * FROM trading_halts WHERE lifted_at IS NULL")
    assert (halt["scope"], halt["account_id"], halt["by"]) == ("ACCOUNT", account_id, "anomaly detection")
    assert halt["reason"] == f"ACCOUNT_BALANCE: {found.explanation}"
    (event,) = await fetch("SELECT action_taken FROM risk_events WHERE source = 'anomaly'")
    assert event["action_taken"] == "HALT"


@pytest.mark.parametrize(
    ("action", "state", "pending"),
    [
        (RiskAction.REDUCE_ONLY, AccountState.REDUCE_ONLY, None),
        (RiskAction.CANCEL_ORDERS, AccountState.ACTIVE, PendingAction.CANCEL),
    ],
)
async def test_each_action_restricts_the_account(
    desk: Platform, action: RiskAction, state: AccountState, pending: PendingAction | None
) -> None:
    owner = await accustomed(desk)
    (account_id,) = owner.accounts
    (working,) = await desk.place(owner, command(account_id=account_id, quantity=Decimal("0.1")))
    await run_detectors(desk.services.bus)
    await update_detector(desk.services.bus, desk.admin, UpdateDetector(AnomalyKind.ACCOUNT_BALANCE, action=action))
    await pay(desk, owner, "5000", "unusual")
    # As the worker does it, on its own.
    detecting = asyncio.create_task(run_detecting(desk.services.bus, desk.services.market))

    async def told() -> list[Any]:
        return await fetch("SELECT action_taken FROM risk_events WHERE source = 'anomaly'")

    ((taken,),) = await until(told)
    detecting.cancel()
    assert taken == action
    assert (await read_books([account_id]))[account_id].state is state
    assert (await read_orders([working.id]))[working.id].pending_action is pending


async def test_orders_are_read_from_the_events_of_their_accounts(desk: Platform) -> None:
    owner, account = await desk.open_account("100000000")
    orders = [
        command(account_id=account.id, quantity=Decimal(1 + index % 5), limit_price=Decimal(99)) for index in range(60)
    ]
    await desk.place(owner, *orders)
    assert (await run_detectors(desk.services.bus)).anomalies == ()
    (huge,) = await desk.place(owner, command(account_id=account.id, quantity=Decimal(5_000), limit_price=Decimal(99)))
    assert huge.status == "PENDING_NEW"
    (found,) = (await run_detectors(desk.services.bus)).anomalies
    assert (found.kind, found.symbol, found.observed) == (AnomalyKind.ORDER_SIZE, SPOT.symbol, 495_000)
    assert found.evidence == f'{{"orderIds":["{huge.id}"]}}'


async def test_the_detection_task_reads_prices_and_server_metrics(desk: Platform) -> None:
    owner, _ = await desk.open_account()
    await pay(desk, owner, "100", "one")
    result = await detect_anomalies(TaskContext(desk.services, utc_now()))
    assert cast("dict[str, int]", result)["anomalies"] == 0
    subjects = {(row["kind"], row["subject"]) for row in await fetch("SELECT kind, subject FROM anomaly_memories")}
    (account_id,) = owner.accounts
    assert subjects == {
        ("ACCOUNT_BALANCE", str(account_id)),
        ("ACCOUNT_BALANCE", "*"),
        ("STRUCTURING", str(account_id)),
        ("STRUCTURING", "*"),
        ("STALE_MARKET_DATA", SPOT.symbol),
        ("AUCTION_SPOOFING", f"|{SPOT.symbol}|"),
        ("MARKING_THE_CLOSE", f"|{SPOT.symbol}|"),
        ("SYSTEM_PERFORMANCE", "database.latencyMs"),
        ("SYSTEM_PERFORMANCE", "redis.latencyMs"),
    }


async def test_the_api_runs_and_lists_detectors_and_shows_users_their_own_anomalies(desk: Platform) -> None:
    owner = await accustomed(desk)
    (account_id,) = owner.accounts
    stranger, _ = await desk.open_account()
    await pay(desk, owner, "5000", "unusual")
    assert await ask(desk, RUN, owner) == ("Forbidden", None)
    manager = await desk.add_actor(Role.RISK_MANAGER)
    assert await ask(desk, RUN, manager) == [{"kind": "ACCOUNT_BALANCE", "accountId": str(account_id)}]
    assert await ask(desk, RUN, manager, k=["WASH_TRADE"]) == []

    page = await ask(desk, LIST, owner)
    (edge,) = page["edges"]
    node = edge["node"]
    assert page["totalCount"] == 1
    assert (node["kind"], node["accountId"], node["symbol"]) == ("ACCOUNT_BALANCE", str(account_id), None)
    assert node["score"] > node["threshold"] == 5.0
    assert (await ask(desk, LIST, owner, a=edge["cursor"]))["edges"] == []
    assert (await ask(desk, LIST, stranger))["totalCount"] == 0
    assert await ask(desk, LIST, stranger, f={"accountId": str(account_id)}) == ("NotFound", "accountId")
    for wanted, count in (
        ({"kinds": ["ACCOUNT_BALANCE"], "minSeverity": "INFO"}, 1),
        ({"kinds": ["WASH_TRADE"]}, 0),
        ({"from": "2020-01-01T00:00:00Z", "to": "2020-01-02T00:00:00Z"}, 0),
        ({"accountId": str(account_id), "from": "2020-01-01T00:00:00Z"}, 1),
    ):
        assert (await ask(desk, LIST, f=wanted))["totalCount"] == count
    told = {one["kind"]: one for one in await ask(desk, DETECTORS)}
    assert told["ACCOUNT_BALANCE"]["findings24h"] == 1
    assert told["WASH_TRADE"]["findings24h"] == 0
    assert all(one["lastRunAt"] for one in told.values())


async def test_detectors_are_configured_through_the_api(desk: Platform) -> None:
    trader = await desk.add_actor()
    assert await ask(desk, DETECTORS, trader) == ("Forbidden", None)
    told = await ask(desk, DETECTORS)
    assert [one["kind"] for one in told] == [kind.value for kind in AnomalyKind]
    assert all((one["enabled"], one["sensitivity"], one["action"]) == (True, 0.5, "WARN") for one in told)
    change = {"kind": "LAYERING", "enabled": False, "sensitivity": 0.8, "warmup": 10, "action": "HALT"}
    assert await ask(desk, UPDATE, trader, i=change) == ("Forbidden", None)
    assert await ask(desk, UPDATE, i=change) == change
    assert await ask(desk, UPDATE, i={"kind": "LAYERING", "warmup": 20}) == change | {"warmup": 20}
    for wrong, field in (
        ({"sensitivity": 1.01}, "sensitivity"),
        ({"sensitivity": -0.1}, "sensitivity"),
        ({"warmup": 0}, "warmup"),
        ({"warmup": 1_000_001}, "warmup"),
        ({"action": "LIQUIDATE"}, "action"),
    ):
        assert await ask(desk, UPDATE, i={"kind": "LAYERING", **wrong}) == ("BadInput", field)
    (row,) = await fetch("SELECT * FROM anomaly_detectors")
    assert (row["kind"], row["enabled"], row["sensitivity"], row["warmup"]) == ("LAYERING", False, 0.8, 20)
    audited = await fetch("SELECT * FROM audit_entries WHERE action = 'updateAnomalyDetector'")
    assert len(audited) == 2


follow = partial(first_of, AnomaliesSubscription, "anomalies")


async def test_the_anomaly_stream_sends_users_what_they_may_see(desk: Platform) -> None:
    owner, other = await accustomed(desk), await accustomed(desk)
    (account_id,), (other_id,) = owner.accounts, other.accounts
    following = asyncio.create_task(follow(desk, desk.admin, 2))
    await pay(desk, owner, "1500", "unusual")
    await run_detectors(desk.services.bus)
    await pay(desk, other, "900000000", "enormous")
    await run_detectors(desk.services.bus)
    stored = await asyncio.wait_for(following, PATIENCE_SECONDS)
    assert [(one.sequence, one.account_id) for one in stored] == [(1, account_id), (2, other_id)]
    assert await follow(desk, owner, 1) == stored[:1]
    assert await follow(desk, other, 1, account_id=str(other_id)) == stored[1:]
    assert await follow(desk, desk.admin, 1, min_severity=Severity.CRITICAL) == stored[1:]
    with pytest.raises(NotFound):
        await follow(desk, owner, 1, account_id=str(other_id))


async def test_invalid_facts_are_counted_and_not_learnt(desk: Platform) -> None:
    now = utc_now()
    quotes = [Quoted(SPOT.symbol, now + timedelta(minutes=minutes), Decimal(100)) for minutes in (4, 6, 600)]
    samples = [Sampled("web", "latencyMs", value, now) for value in (float("nan"), float("inf"), 1.0)]
    report = await run_detectors(desk.services.bus, [*quotes, *samples])
    assert report.anomalies == ()
    assert report.refused == {IntakeRefusal.FROM_THE_FUTURE: 2, IntakeRefusal.NOT_A_NUMBER: 2}
    states = {
        row["kind"]: orjson.loads(row["state"]) for row in await fetch("SELECT kind, state FROM anomaly_memories")
    }
    assert states["STALE_MARKET_DATA"]["last"] == pytest.approx((now + timedelta(minutes=4)).timestamp())
    assert states["SYSTEM_PERFORMANCE"]["samples"] == 1
