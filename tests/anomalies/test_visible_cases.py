"""Cases about accounts of several owners: each sees what its own findings say, and no trace of the others."""

from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest

from api.realtime.streams import cursor_of
from domain.access.types import Actor, Role
from domain.anomalies.cases import rules
from domain.anomalies.cases.forms import read_shares
from domain.anomalies.cases.types import CaseEvent, CaseEventKind
from domain.kernel.database import fetch
from domain.kernel.ids import new_id
from domain.risk.types import Severity
from tests.anomalies.test_case_rules import CASE, FINDING, NOW, ONE, THREE, TWO
from tests.anomalies.test_visible_evidence import Ahead, _tell, ahead
from tests.support.asking import Asking

__all__ = ["ahead"]

SEEN = "findingCount severity score accountIds"
LIST = f"""query ($f: AnomalyCaseFilter) {{ anomalyCases(filter: $f) {{ totalCount edges {{ node {{
  id {SEEN} findings {{ id }} timeline {{ kind anomalyId case {{ {SEEN} }} }} }} }} }} }}"""
STREAM = f"subscription ($a: Cursor!) {{ anomalyCases(after: $a) {{ kind anomalyId case {{ {SEEN} }} }} }}"
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
    """What a case says to who sees one finding of it."""
    return {"findingCount": 1, "severity": severity, "score": score, "accountIds": [str(next(iter(actor.accounts)))]}


async def _shown(ahead: Ahead, actor: Actor, steps: int) -> tuple[dict[str, Any], list[Any]]:
    """The one case, and the steps that the subscription tells."""
    asking = Asking(ahead.desk, actor)
    (edge,) = (await asking.ask(LIST))["edges"]
    async with asking.listening(STREAM, a=cursor_of(0)) as told:
        return edge["node"], [await anext(told) for _ in range(steps)]


async def test_an_owner_sees_nothing_of_findings_about_others(ahead: Ahead) -> None:
    first, second = await _both(ahead)
    for actor, finding, kind, seen in (
        (ahead.runner, first, "OPENED", _of(ahead.runner, "WARNING", 7.0)),
        (ahead.client, second, "JOINED", _of(ahead.client, "CRITICAL", 12.0)),
    ):
        case, told = await _shown(ahead, actor, 2)
        assert case.items() >= (seen | {"findings": [{"id": finding}]}).items()
        steps = [
            {"kind": kind, "anomalyId": finding, "case": seen},
            {"kind": "COMMENTED", "anomalyId": None, "case": seen},
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


async def test_cases_of_older_releases_get_their_shares(ahead: Ahead) -> None:
    await _both(ahead)
    (stored,) = await fetch("SELECT shares FROM anomaly_cases")
    assert len(read_shares(stored["shares"])) == 2
    await fetch("UPDATE anomaly_cases SET shares = '[]' RETURNING 1")
    await fetch(f"{learn._LEARN} RETURNING 1")
    (learnt,) = await fetch("SELECT shares FROM anomaly_cases")
    assert read_shares(learnt["shares"]) == read_shares(stored["shares"])


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
