"""Cases: findings join them, people work them, and what is dismissed is not told again."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, cast

import orjson
import pytest

from api.anomalies.subscriptions import AnomaliesSubscription
from domain.access.types import AccountPermission, Actor, Role
from domain.anomalies.running import run_detectors
from domain.kernel.database import fetch
from domain.kernel.errors import Forbidden, NotFound
from domain.kernel.ids import new_id
from tests.anomalies.test_running import accustomed, ask, pay
from tests.orders.factories import SPOT, command
from tests.support.streams import first_of, stream_of
from tests.support.trading import Platform, platform
from tests.support.waiting import PATIENCE_SECONDS

CASE = """id number kind symbol component accountIds severity score findingCount status assignee disposition note
  closedAt version"""
LIST = f"""query ($f: AnomalyCaseFilter, $n: Int, $a: String) {{ anomalyCases(filter: $f, first: $n, after: $a) {{
  totalCount edges {{ cursor node {{ {CASE} }} }} }} }}"""
FULL = f"""query ($id: ID!) {{ anomalyCase(id: $id) {{ {CASE} findings {{ id caseId }}
  timeline {{ kind by note anomalyId case {{ status version }} }}
  evidence {{ isComplete orders {{ id }} executions {{ id }} transactions {{ id amount }} samples {{ value }}
    chart {{ kind points {{ at value size id }} }} }} }} }}"""
ASSIGN = f"mutation ($i: AssignAnomalyCaseInput!) {{ assignAnomalyCase(input: $i) {{ {CASE} }} }}"
COMMENT = f"mutation ($i: CommentAnomalyCaseInput!) {{ commentAnomalyCase(input: $i) {{ {CASE} }} }}"
DECIDE = f"mutation ($i: DecideAnomalyCaseInput!) {{ decideAnomalyCase(input: $i) {{ {CASE} }} }}"
CLOSE = f"mutation ($i: CloseAnomalyCaseInput!) {{ closeAnomalyCase(input: $i) {{ {CASE} }} }}"
REOPEN = f"mutation ($i: ReopenAnomalyCaseInput!) {{ reopenAnomalyCase(input: $i) {{ {CASE} }} }}"
DISMISSALS = """query ($a: ID) { anomalyDismissals(accountId: $a) { id kind accountId symbol component maxScore caseId
  by note suppressed lastSuppressedAt } }"""
REMOVE = "mutation ($id: ID!) { removeAnomalyDismissal(id: $id) { id suppressed } }"


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(database_url, redis_url, tmp_path, venue=False) as whole:
        await whole.add_instrument(replace(SPOT, id=new_id()))
        await whole.quote(SPOT.symbol, "99.99", "100.01")
        yield whole


async def alarm(desk: Platform, owner: Actor, amount: str, reference: str) -> str:
    """Make a deposit that causes a finding; returns its transaction."""
    transaction = await pay(desk, owner, amount, reference)
    assert len((await run_detectors(desk.services.bus)).anomalies) == 1
    return transaction


async def only_case(desk: Platform, actor: Actor | None = None) -> dict[str, Any]:
    page = await ask(desk, LIST, actor)
    (edge,) = page["edges"]
    return cast("dict[str, Any]", edge["node"])


async def test_findings_of_an_account_join_its_open_case(desk: Platform) -> None:
    owner = await accustomed(desk)
    (account_id,) = owner.accounts
    first = await alarm(desk, owner, "2500", "unusual")
    case = await only_case(desk)
    assert (case["number"], case["kind"], case["accountIds"]) == (1, "ACCOUNT_BALANCE", [str(account_id)])
    assert (case["status"], case["severity"], case["findingCount"], case["version"]) == ("OPEN", "WARNING", 1, 1)
    second = await alarm(desk, owner, "900000000", "enormous")
    assert (await only_case(desk))["severity"] == "CRITICAL"
    other = await accustomed(desk)
    await alarm(desk, other, "900000000", "enormous")
    whole = await ask(desk, FULL, id=case["id"])
    assert (whole["findingCount"], whole["version"], whole["id"]) == (2, 2, case["id"])
    assert [one["caseId"] for one in whole["findings"]] == [case["id"]] * 2
    assert [step["kind"] for step in whole["timeline"]] == ["OPENED", "JOINED"]
    assert {step["by"] for step in whole["timeline"]} == {"anomaly detection"}
    assert [step["anomalyId"] for step in whole["timeline"]] == [one["id"] for one in reversed(whole["findings"])]
    assert [row["id"] for row in whole["evidence"]["transactions"]] == [first, second]
    chart = {series["kind"]: [point["value"] for point in series["points"]] for series in whole["evidence"]["chart"]}
    assert chart.keys() == {"AMOUNTS", "SCORES"}
    assert chart["AMOUNTS"] == [2500.0, 900_000_000.0]
    assert [edge["node"]["number"] for edge in (await ask(desk, LIST))["edges"]] == [2, 1]


async def test_a_case_is_assigned_commented_and_closed(desk: Platform) -> None:
    owner = await accustomed(desk)
    await alarm(desk, owner, "5000", "unusual")
    manager = await desk.add_actor(Role.RISK_MANAGER)
    case = await only_case(desk)
    step = {"id": case["id"]}
    assert await ask(desk, CLOSE, manager, i=step) == ("Conflict", None)
    given = await ask(desk, ASSIGN, manager, i=step | {"expectedVersion": 1})
    assert (given["status"], given["assignee"], given["version"]) == ("ASSIGNED", manager.email, 2)
    assert await ask(desk, ASSIGN, manager, i=step) == given
    assert await ask(desk, COMMENT, manager, i=step | {"note": "late", "expectedVersion": 1}) == ("Conflict", None)
    assert (await ask(desk, COMMENT, manager, i=step | {"note": "asked the owner"}))["version"] == 3
    decided = step | {"disposition": "EXPLAINED", "note": "sold a house"}
    told = await ask(desk, DECIDE, manager, i=decided)
    assert (told["status"], told["disposition"], told["note"]) == ("DECIDED", "EXPLAINED", "sold a house")
    assert await ask(desk, DECIDE, manager, i=decided) == told
    closed = await ask(desk, CLOSE, manager, i=step)
    assert (closed["status"], closed["version"]) == ("CLOSED", 5)
    assert closed["closedAt"] is not None
    assert await ask(desk, CLOSE, manager, i=step) == closed
    for refused in ((ASSIGN, {"assignee": desk.admin.email}), (DECIDE, {"disposition": "CONFIRMED", "note": "n"})):
        assert (await ask(desk, refused[0], manager, i=step | refused[1]))[0] in ("Conflict", "BadInput")
    (event,) = await fetch("SELECT state, note, acknowledged_by FROM risk_events WHERE source = 'anomaly'")
    assert tuple(event) == ("RESOLVED", "case 1, EXPLAINED: sold a house", manager.email)
    assert await ask(desk, DISMISSALS) == []
    timeline = (await ask(desk, FULL, id=case["id"]))["timeline"]
    assert [one["kind"] for one in timeline] == ["OPENED", "ASSIGNED", "COMMENTED", "DECIDED", "CLOSED"]
    assert [one["note"] for one in timeline] == [None, None, "asked the owner", "sold a house", None]
    assert [one["case"]["version"] for one in timeline] == [1, 2, 3, 4, 5]
    audited = await fetch(
        "SELECT action, actor FROM audit_entries WHERE target = $1 ORDER BY id", f"anomalyCase:{case['id']}"
    )
    assert [row["action"] for row in audited] == [
        "assignAnomalyCase", "commentAnomalyCase", "decideAnomalyCase", "closeAnomalyCase",
    ]  # fmt: skip
    # What comes later is another case; the closed one can be taken up again.
    await pay(desk, owner, "900000000", "enormous")
    await run_detectors(desk.services.bus)
    assert (await ask(desk, LIST, f={"statuses": ["OPEN"]}))["totalCount"] == 1
    reopened = await ask(desk, REOPEN, manager, i=step | {"reason": "no house"})
    assert (reopened["status"], reopened["disposition"], reopened["note"]) == ("ASSIGNED", None, None)
    assert await ask(desk, REOPEN, manager, i=step | {"reason": "again"}) == ("Conflict", None)


async def test_a_new_finding_reopens_a_decided_case(desk: Platform) -> None:
    owner = await accustomed(desk)
    await alarm(desk, owner, "2500", "unusual")
    case = await only_case(desk)
    await ask(desk, DECIDE, i={"id": case["id"], "disposition": "CONFIRMED", "note": "seen"})
    await alarm(desk, owner, "900000000", "enormous")
    again = await only_case(desk)
    assert (again["status"], again["disposition"], again["note"]) == ("ASSIGNED", None, None)
    assert again["assignee"] == desk.admin.email


async def test_a_dismissed_pattern_is_learnt_counted_and_expires(desk: Platform) -> None:
    owner, other = await accustomed(desk), await accustomed(desk)
    (account_id,) = owner.accounts
    await alarm(desk, owner, "5000", "unusual")
    case = await only_case(desk)
    await ask(desk, DECIDE, i={"id": case["id"], "disposition": "DISMISSED", "note": "its salary"})
    assert await ask(desk, DISMISSALS) == []
    await ask(desk, CLOSE, i={"id": case["id"]})
    (learnt,) = await ask(desk, DISMISSALS)
    assert (learnt["kind"], learnt["accountId"], learnt["caseId"]) == ("ACCOUNT_BALANCE", str(account_id), case["id"])
    assert (learnt["by"], learnt["note"], learnt["suppressed"]) == (desk.admin.email, "its salary", 0)
    assert learnt["maxScore"] == pytest.approx(1.5 * case["score"])
    # As if it were another day: what was told today is not told again in any case.
    await fetch("UPDATE anomalies SET fingerprint = 'before' RETURNING 1")
    await pay(desk, owner, "5000", "unusual again")
    report = await run_detectors(desk.services.bus)
    assert (report.anomalies, report.suppressed) == ((), 1)
    (learnt,) = await ask(desk, DISMISSALS, a=str(account_id))
    assert learnt["suppressed"] == 1
    assert learnt["lastSuppressedAt"] is not None
    # Other accounts are told of as before, and so is what is much worse.
    await alarm(desk, other, "5000", "unusual")
    await alarm(desk, owner, "900000000000", "enormous")
    assert await ask(desk, REMOVE, id=learnt["id"]) == {"id": learnt["id"], "suppressed": 1}
    assert await ask(desk, REMOVE, id=learnt["id"]) == ("NotFound", "id")
    assert await ask(desk, DISMISSALS) == []
    (entry,) = await fetch("SELECT target FROM audit_entries WHERE action = 'removeAnomalyDismissal'")
    assert entry["target"] == f"anomalyDismissal:{learnt['id']}"
    await fetch("UPDATE anomalies SET fingerprint = 'before' RETURNING 1")
    await alarm(desk, owner, "5000", "once more")


async def test_reopening_a_case_forgets_its_dismissal_and_learning_is_optional(desk: Platform) -> None:
    owner = await accustomed(desk)
    await alarm(desk, owner, "5000", "unusual")
    step = {"id": (await only_case(desk))["id"]}
    await ask(desk, DECIDE, i=step | {"disposition": "DISMISSED", "note": "nothing"})
    await ask(desk, CLOSE, i=step)
    assert len(await ask(desk, DISMISSALS)) == 1
    await ask(desk, REOPEN, i=step | {"reason": "something"})
    assert await ask(desk, DISMISSALS) == []
    await ask(desk, DECIDE, i=step | {"disposition": "DISMISSED", "note": "nothing"})
    await ask(desk, CLOSE, i=step | {"learn": False})
    assert await ask(desk, DISMISSALS) == []


async def test_owners_see_their_cases_without_notes(desk: Platform) -> None:
    owner = await accustomed(desk)
    stranger, _ = await desk.open_account()
    await alarm(desk, owner, "5000", "unusual")
    case = await only_case(desk)
    for query, given in (
        (ASSIGN, {}),
        (COMMENT, {"note": "n"}),
        (DECIDE, {"disposition": "DISMISSED", "note": "n"}),
        (CLOSE, {}),
        (REOPEN, {"reason": "r"}),
    ):
        assert await ask(desk, query, owner, i={"id": case["id"], **given}) == ("Forbidden", None)
        assert (await ask(desk, query, i={"id": str(new_id()), **given})) == ("NotFound", "id")
    assert await ask(desk, DISMISSALS, owner) == ("Forbidden", None)
    assert await ask(desk, REMOVE, owner, id=str(new_id())) == ("Forbidden", None)
    await ask(desk, DECIDE, i={"id": case["id"], "disposition": "CONFIRMED", "note": "a suspicion"})
    seen = await ask(desk, FULL, owner, id=case["id"])
    assert (seen["disposition"], seen["note"], seen["assignee"]) == ("CONFIRMED", None, None)
    assert {step["note"] for step in seen["timeline"]} == {None}
    assert len(seen["findings"]) == len(seen["evidence"]["transactions"]) == 1
    assert await ask(desk, FULL, stranger, id=case["id"]) is None
    assert (await ask(desk, LIST, stranger))["totalCount"] == 0
    (account_id,) = owner.accounts
    assert await ask(desk, LIST, stranger, f={"accountId": str(account_id)}) == ("NotFound", "accountId")


async def test_cases_are_filtered_and_paged(desk: Platform) -> None:
    for number in range(3):
        owner = await accustomed(desk)
        await alarm(desk, owner, "5000", f"unusual-{number}")
    (account_id,) = owner.accounts
    newest = (await ask(desk, LIST))["edges"][0]["node"]
    await ask(desk, DECIDE, i={"id": newest["id"], "disposition": "CONFIRMED", "note": "n"})
    for wanted, count in (
        ({"kinds": ["ACCOUNT_BALANCE"], "minSeverity": "WARNING"}, 3),
        ({"kinds": ["WASH_TRADE"]}, 0),
        ({"statuses": ["OPEN", "ASSIGNED"]}, 2),
        ({"dispositions": ["CONFIRMED"]}, 1),
        ({"assignee": desk.admin.email}, 1),
        ({"accountId": str(account_id)}, 1),
        ({"from": "2020-01-01T00:00:00Z", "to": "2020-01-02T00:00:00Z"}, 0),
    ):
        assert (await ask(desk, LIST, f=wanted))["totalCount"] == count, wanted
    first = (await ask(desk, LIST, n=2))["edges"]
    rest = (await ask(desk, LIST, n=2, a=first[-1]["cursor"]))["edges"]
    assert [edge["node"]["number"] for edge in first + rest] == [3, 2, 1]


async def test_bad_input_changes_nothing(desk: Platform) -> None:
    owner = await accustomed(desk)
    await alarm(desk, owner, "5000", "unusual")
    case = await only_case(desk)
    step = {"id": case["id"]}
    for query, given, problem in (
        (ASSIGN, {"assignee": owner.email}, ("BadInput", "assignee")),
        (ASSIGN, {"assignee": "nobody@example.org"}, ("BadInput", "assignee")),
        (ASSIGN, {"expectedVersion": 0}, ("BadInput", "expectedVersion")),
        (COMMENT, {"note": " "}, ("BadInput", "note")),
        (DECIDE, {"disposition": "CONFIRMED", "note": "x" * 2_001}, ("BadInput", "note")),
        (REOPEN, {"reason": ""}, ("BadInput", "reason")),
    ):
        assert await ask(desk, query, i=step | given) == problem
    assert await only_case(desk) == case
    assert await fetch("SELECT 1 FROM audit_entries WHERE target = $1", f"anomalyCase:{case['id']}") == []


async def test_evidence_names_the_orders_of_its_executions(desk: Platform) -> None:
    owner, account = await desk.open_account("100000000")
    orders = [
        command(account_id=account.id, quantity=Decimal(1 + index % 5), limit_price=Decimal(99)) for index in range(60)
    ]
    await desk.place(owner, *orders)
    await run_detectors(desk.services.bus)
    (huge,) = await desk.place(owner, command(account_id=account.id, quantity=Decimal(5_000), limit_price=Decimal(99)))
    await run_detectors(desk.services.bus)
    evidence = (await ask(desk, FULL, id=(await only_case(desk))["id"]))["evidence"]
    assert [order["id"] for order in evidence["orders"]] == [str(huge.id)]
    assert evidence["isComplete"] is True
    (buys,) = [series for series in evidence["chart"] if series["kind"] == "BUY_ORDERS"]
    (point,) = buys["points"]
    assert (point["value"], point["size"], point["id"]) == (99.0, 5_000.0, str(huge.id))


steps_of = partial(stream_of, AnomaliesSubscription, "anomaly_cases")
follow = partial(first_of, AnomaliesSubscription, "anomaly_cases")


async def test_the_case_stream_sends_each_step_to_permitted_users(desk: Platform) -> None:
    owner, other = await accustomed(desk), await accustomed(desk)
    (account_id,), (other_id,) = owner.accounts, other.accounts
    following = asyncio.create_task(follow(desk, desk.admin, 3))
    await alarm(desk, owner, "5000", "unusual")
    await alarm(desk, other, "5000", "unusual")
    newest = (await ask(desk, LIST))["edges"][0]["node"]
    await ask(desk, COMMENT, i={"id": newest["id"], "note": "a suspicion"})
    live = await asyncio.wait_for(following, PATIENCE_SECONDS)
    assert [(one.sequence, one.kind, one.note) for one in live] == [
        (1, "OPENED", None), (2, "OPENED", None), (3, "COMMENTED", "a suspicion"),
    ]  # fmt: skip
    assert await follow(desk, desk.admin, 3) == live
    assert [one.sequence for one in await follow(desk, owner, 1)] == [1]
    own = await follow(desk, other, 2, account_id=str(other_id))
    assert [(one.sequence, one.note, one.case.account_ids) for one in own] == [
        (2, None, (other_id,)), (3, None, (other_id,)),
    ]  # fmt: skip
    with pytest.raises(NotFound):
        await follow(desk, owner, 1, account_id=str(other_id))
    # Whoever followed as one who works cases sees no notes any more once it is somebody else.
    stream = await steps_of(desk, desk.admin, account_id=str(account_id))
    with pytest.raises(Forbidden):
        stream.permit(replace(owner, accounts={account_id: frozenset(AccountPermission)}))


async def test_case_steps_are_append_only(desk: Platform) -> None:
    owner = await accustomed(desk)
    await alarm(desk, owner, "5000", "unusual")
    with pytest.raises(Exception, match="append-only"):
        await fetch("UPDATE anomaly_case_events SET note = 'other' RETURNING 1")
    (row,) = await fetch("SELECT snapshot FROM anomaly_case_events")
    assert orjson.loads(row["snapshot"])["number"] == 1
