"""Cases about accounts of several owners: each sees what its own findings say, and no trace of the others."""

from dataclasses import replace
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.realtime.streams import CASE_LOG, cursor_of
from domain.access.types import Actor, Role
from domain.anomalies.anomaly import Anomaly
from domain.anomalies.cases import rules
from domain.anomalies.cases.forms import read_shares
from domain.anomalies.cases.types import Case, CaseEvent, CaseEventKind, CaseStatus, Disposition
from domain.kernel.database import fetch
from domain.kernel.errors import Conflict
from domain.kernel.ids import new_id
from domain.risk.types import Severity
from tests.anomalies.test_case_rules import CASE, FINDING, NOW, ONE, THREE, TWO
from tests.anomalies.test_visible_evidence import Ahead, _tell, ahead
from tests.support.asking import Asking

__all__ = ["ahead"]

SEEN = "findingCount severity score accountIds status disposition version"
LIST = f"""query ($f: AnomalyCaseFilter) {{ anomalyCases(filter: $f) {{ totalCount edges {{ node {{
  id {SEEN} openedAt updatedAt findings {{ id }} timeline {{ kind anomalyId case {{ {SEEN} }} }} }} }} }} }}"""
STREAM = f"subscription ($a: Cursor!) {{ anomalyCases(after: $a) {{ kind anomalyId case {{ {SEEN} }} }} }}"
DECIDE = "mutation ($i: DecideAnomalyCaseInput!) { decideAnomalyCase(input: $i) { id } }"
COMMENT = "mutation ($i: CommentAnomalyCaseInput!) { commentAnomalyCase(input: $i) { id } }"
learn = import_module("migrations.0040_case_shares")


async def _both(ahead: Ahead) -> tuple[str, str]:
    """A case with a finding about the runner, then a graver one about the client, and a comment; both findings."""
    (about,) = ahead.client.accounts
    grave = {"severity": Severity.CRITICAL, "score": 12.0, "fingerprint": "two"}
    worse = replace(ahead.anomaly, id=new_id(), account_id=about, **grave)
    await _tell(ahead.desk, worse)
    admin = Asking(ahead.desk, ahead.desk.admin)
    (edge,) = (await admin.ask(LIST))["edges"]
    await admin.ask(COMMENT, i={"id": edge["node"]["id"], "note": "a suspicion"})
    return str(ahead.anomaly.id), str(worse.id)


def _of(actor: Actor, severity: str, score: float) -> dict[str, Any]:
    """The case as a user who may see one of its findings sees it."""
    own = {"findingCount": 1, "severity": severity, "score": score, "accountIds": [str(next(iter(actor.accounts)))]}
    return own | {"status": "OPEN", "disposition": None}


async def _shown(ahead: Ahead, actor: Actor, steps: int) -> tuple[dict[str, Any], list[Any]]:
    """The only case, and its steps in the subscription."""
    asking = Asking(ahead.desk, actor)
    (edge,) = (await asking.ask(LIST))["edges"]
    async with asking.listening(STREAM, a=cursor_of(0, CASE_LOG)) as told:
        return edge["node"], [await anext(told) for _ in range(steps)]


async def test_an_owner_sees_nothing_of_findings_about_others(ahead: Ahead) -> None:
    first, second = await _both(ahead)
    for actor, finding, kind, seen in (
        (ahead.runner, first, "OPENED", _of(ahead.runner, "WARNING", 7.0)),
        (ahead.client, second, "OPENED", _of(ahead.client, "CRITICAL", 12.0)),
    ):
        case, told = await _shown(ahead, actor, 2)
        assert case.items() >= (seen | {"version": 2, "findings": [{"id": finding}]}).items()
        steps = [
            {"kind": kind, "anomalyId": finding, "case": seen | {"version": 1}},
            {"kind": "COMMENTED", "anomalyId": None, "case": seen | {"version": 2}},
        ]
        assert case["timeline"] == told == steps


async def test_case_workers_see_all_cases(ahead: Ahead) -> None:
    first, second = await _both(ahead)
    case, told = await _shown(ahead, await ahead.desk.add_actor(Role.RISK_MANAGER), 3)
    assert (case["findingCount"], case["severity"], case["score"], len(case["accountIds"])) == (2, "CRITICAL", 12.0, 2)
    assert [step["anomalyId"] for step in case["timeline"]] == [first, second, None]
    assert case["timeline"] == told


async def test_a_severity_filter_uses_the_visible_severity(ahead: Ahead) -> None:
    await _both(ahead)
    for actor, count in ((ahead.runner, 0), (ahead.client, 1), (ahead.desk.admin, 1)):
        assert (await Asking(ahead.desk, actor).ask(LIST, f={"minSeverity": "CRITICAL"}))["totalCount"] == count


async def test_filters_and_decisions_use_the_visible_findings_only(ahead: Ahead) -> None:
    """A finding about another account takes a decision back: that is nothing to whom it is not shown."""
    desk = ahead.desk
    admin = Asking(desk, desk.admin)
    (edge,) = (await admin.ask(LIST))["edges"]
    await admin.ask(DECIDE, i={"id": edge["node"]["id"], "disposition": "EXPLAINED", "note": "a hedge"})
    (before,) = (await Asking(desk, ahead.runner).ask(LIST))["edges"]
    (about,) = ahead.client.accounts
    await _tell(desk, replace(ahead.anomaly, id=new_id(), account_id=about, fingerprint="two"))
    (after,) = (await Asking(desk, ahead.runner).ask(LIST))["edges"]
    assert after == before
    assert after["node"]["disposition"] == "EXPLAINED"
    decided, opened = {"statuses": ["DECIDED"], "dispositions": ["EXPLAINED"]}, {"statuses": ["OPEN"]}
    assigned, told = {"statuses": ["ASSIGNED"]}, after["node"]["openedAt"]
    late = {"from": (datetime.fromisoformat(told) + timedelta(microseconds=1)).isoformat()}
    for actor, counts in (
        (ahead.runner, (1, 0, 0, 0)),
        (ahead.client, (0, 1, 0, 1)),
        (desk.admin, (0, 0, 1, 0)),
    ):
        asking = Asking(desk, actor)
        found = [(await asking.ask(LIST, f=one))["totalCount"] for one in (decided, opened, assigned, late)]
        assert tuple(found) == counts, actor.email


async def test_cases_of_older_releases_get_their_shares(ahead: Ahead) -> None:
    await _both(ahead)
    (stored,) = await fetch("SELECT shares FROM anomaly_cases")
    assert len(read_shares(stored["shares"])) == 2
    await fetch("UPDATE anomaly_cases SET shares = '[]' RETURNING 1")
    await fetch(f"{learn._LEARN} RETURNING 1")
    (learnt,) = await fetch("SELECT shares FROM anomaly_cases")
    known = [(one.account_id, one.finding_count, one.score, one.found_at) for one in read_shares(stored["shares"])]
    assert [
        (one.account_id, one.finding_count, one.score, one.found_at) for one in read_shares(learnt["shares"])
    ] == known


@pytest.mark.parametrize(("readable", "is_told"), [({ONE}, False), ({TWO}, False), ({ONE, TWO}, True)])
def test_steps_of_older_releases_are_sent_to_readers_of_all_accounts(readable: set[object], is_told: bool) -> None:
    case = replace(rules.join(CASE, replace(FINDING, account_id=TWO), [ONE, TWO], NOW), shares=())
    step = CaseEvent(2, CaseEventKind.JOINED, NOW, "anomaly detection", None, FINDING.id, case)
    assert rules.is_step_of(step, readable.__contains__) is is_told


def test_shares_add_up_to_the_case() -> None:
    later = replace(FINDING, score=9.0, severity=Severity.CRITICAL, detected_at=NOW + timedelta(hours=1))
    case = rules.join(CASE, later, [ONE], NOW)
    case = rules.join(case, replace(FINDING, account_id=TWO, severity=Severity.INFO, score=5.5), [TWO], NOW)
    case = rules.join(case, replace(FINDING, account_id=None), [], NOW)
    seen = rules.narrowed(case, {ONE}.__contains__)
    assert (seen.finding_count, seen.severity, seen.score, seen.found_at) == (
        2,
        Severity.CRITICAL,
        9.0,
        NOW + timedelta(hours=1),
    )
    assert seen.account_ids == seen.linked_ids == (ONE,)
    other = rules.narrowed(case, {TWO, THREE}.__contains__)
    assert (other.finding_count, other.severity, other.score, other.found_at) == (1, Severity.INFO, 5.5, NOW)


ACTS: dict[str, Any] = {
    "assign": lambda case, now: rules.assign(case, "a@example.org", now),
    "confirm": lambda case, now: rules.decide(case, Disposition.CONFIRMED, "n", "b@example.org", now),
    "explain": lambda case, now: rules.decide(case, Disposition.EXPLAINED, "n", "b@example.org", now),
    "close": rules.close,
    "reopen": rules.reopen,
    "comment": rules.touch,
}
TOLD = ("severity", "score", "finding_count", "found_at", "opened_at")
TOLD += ("updated_at", "closed_at", "status", "disposition", "version")


@given(
    st.lists(st.one_of(st.sampled_from([ONE, TWO, THREE]), st.sampled_from(sorted(ACTS))), max_size=25),
    st.sampled_from([{ONE}, {TWO}, {ONE, THREE}]),
)
def test_a_user_of_some_accounts_sees_a_case_without_traces_of_others(steps: list[Any], readable: set[Any]) -> None:
    """The user sees the same case if findings about others, and steps before the first own finding, are left out."""
    whole: Case | None = None
    alone: Case | None = None
    for number, step in enumerate([TWO, *steps]):
        now = NOW + timedelta(minutes=number)
        if isinstance(step, str):
            try:
                whole = ACTS[step](whole, now)
            except Conflict:
                continue
            alone = ACTS[step](alone, now) if alone is not None else None
        elif whole is None or whole.status is not CaseStatus.CLOSED:
            finding = replace(FINDING, account_id=step, score=5.0 + number, detected_at=now)
            whole = _joined(whole, finding, now)
            alone = _joined(alone, finding, now) if step in readable else alone
        assert whole is not None
        seen = rules.narrowed(whole, readable.__contains__)
        if alone is not None:
            assert [getattr(seen, name) for name in TOLD] == [getattr(alone, name) for name in TOLD]
        event = CaseEvent(1, CaseEventKind.COMMENTED, now, "somebody", None, None, whole)
        assert rules.is_step_of(event, readable.__contains__) is (alone is not None)


def _joined(case: Case | None, finding: Anomaly, now: datetime) -> Case:
    accounts = [finding.account_id] if finding.account_id is not None else []
    if case is None:
        return rules.open_case(CASE.id, 1, finding, accounts, now)
    return rules.join(case, finding, accounts, now)
