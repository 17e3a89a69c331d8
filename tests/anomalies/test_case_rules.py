"""The rules of cases: what joins what, what may follow what, what a dismissal covers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.anomalies.anomaly import Anomaly
from domain.anomalies.cases import forms, rules
from domain.anomalies.cases.gathering import accounts_of
from domain.anomalies.cases.types import Case, CaseEvent, CaseEventKind, CaseStatus, Dismissal, Disposition
from domain.anomalies.types import AnomalyKind, Finding, Subject
from domain.kernel.errors import BadInput, Conflict
from domain.risk.types import Severity

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
ONE, TWO, THREE = (UUID(int=number) for number in (1, 2, 3))
FINDING = Anomaly(
    id=UUID(int=9),
    sequence=1,
    kind=AnomalyKind.WASH_TRADE,
    severity=Severity.WARNING,
    account_id=ONE,
    symbol="TEST",
    component=None,
    score=7.0,
    observed=3.0,
    expected=0.0,
    threshold=5.0,
    explanation="e",
    evidence=f'{{"accountIds":["{ONE}","{TWO}"]}}',
    fingerprint="f",
    detected_at=NOW,
    risk_event_id=None,
)
CASE = rules.open_case(UUID(int=5), 1, FINDING, accounts_of(FINDING), NOW)


def joins(case: Case, finding: Anomaly) -> bool:
    return rules.case_to_join([case], finding, accounts_of(finding)) is case


def test_a_finding_joins_a_case_by_kind_symbol_account_and_time() -> None:
    assert joins(CASE, FINDING)
    # The other account of the owner, with the first one in its evidence or alone.
    assert joins(CASE, replace(FINDING, account_id=TWO))
    assert joins(CASE, replace(FINDING, account_id=TWO, evidence="{}"))
    assert not joins(CASE, replace(FINDING, account_id=THREE, evidence="{}"))
    assert not joins(CASE, replace(FINDING, kind=AnomalyKind.LAYERING))
    assert not joins(CASE, replace(FINDING, symbol="OTHER"))
    assert not joins(CASE, replace(FINDING, symbol=None))
    assert not joins(CASE, replace(FINDING, account_id=None, evidence="{}"))
    assert joins(CASE, replace(FINDING, detected_at=NOW + rules.JOIN_WINDOW))
    assert not joins(CASE, replace(FINDING, detected_at=NOW + rules.JOIN_WINDOW + timedelta(seconds=1)))
    assert not joins(replace(CASE, status=CaseStatus.CLOSED), FINDING)
    assert not joins(replace(CASE, finding_count=rules.MAX_FINDINGS), FINDING)


def test_findings_without_an_account_join_by_component() -> None:
    finding = replace(FINDING, account_id=None, symbol=None, component="web.latencyMs", evidence="{}")
    case = rules.open_case(UUID(int=6), 2, finding, [], NOW)
    assert joins(case, finding)
    assert not joins(case, replace(finding, component="redis.latencyMs"))


def test_a_finding_joins_the_newest_of_several_matching_cases() -> None:
    newer = replace(CASE, id=UUID(int=7), number=8)
    assert rules.case_to_join([newer, CASE], FINDING, [ONE]) is newer
    assert rules.case_to_join([], FINDING, [ONE]) is None


@given(
    st.lists(
        st.tuples(
            st.sampled_from(Severity), st.floats(5, 300), st.integers(-3_600, 3_600), st.sampled_from([ONE, TWO])
        ),
        max_size=20,
    )
)
def test_a_case_sums_up_its_findings(findings: list[tuple[Severity, float, int, UUID]]) -> None:
    case, told = CASE, [FINDING]
    for severity, score, seconds, account in findings:
        finding = replace(
            FINDING, severity=severity, score=score, account_id=account, detected_at=NOW + timedelta(seconds=seconds)
        )
        case = rules.join(case, finding, accounts_of(finding), NOW)
        told.append(finding)
    assert case.finding_count == case.version == len(told)
    assert case.score == max(one.score for one in told)
    assert case.severity == max((one.severity for one in told), key=list(Severity).index)
    assert case.found_at == max(one.detected_at for one in told)
    assert set(case.account_ids) == {one.account_id for one in told}
    assert set(case.linked_ids) == {ONE, TWO}
    assert forms.read_case(forms.write_case(case)) == case


ACTS = {
    "assign": lambda case: rules.assign(case, "a@example.org", NOW),
    "decide": lambda case: rules.decide(case, Disposition.EXPLAINED, "n", "b@example.org", NOW),
    "close": lambda case: rules.close(case, NOW),
    "reopen": lambda case: rules.reopen(case, NOW),
    "join": lambda case: rules.join(case, FINDING, [ONE], NOW) if case.status is not CaseStatus.CLOSED else case,
    "touch": lambda case: rules.touch(case, NOW),
}


@given(st.lists(st.sampled_from(sorted(ACTS)), max_size=25))
def test_any_sequence_of_actions_leaves_a_consistent_case(acts: list[str]) -> None:
    case = CASE
    for act in acts:
        before = case
        try:
            case = ACTS[act](case)
        except Conflict:
            assert case is before
            continue
        assert case.version == before.version + (act != "join" or before.status is not CaseStatus.CLOSED)
        assert (case.status in (CaseStatus.DECIDED, CaseStatus.CLOSED)) == (case.disposition is not None)
        assert (case.status is CaseStatus.CLOSED) == (case.closed_at is not None)
        assert (case.status is CaseStatus.OPEN) <= (case.assignee is None)
        if act == "close":
            assert before.disposition is not None
    event = CaseEvent(3, CaseEventKind.JOINED, NOW, "somebody", None, FINDING.id, case)
    assert forms.decode(forms.encode([event])) == [(3, event)]


@pytest.mark.parametrize(("expected", "error"), [(None, None), (1, None), (2, Conflict), (0, BadInput)])
def test_an_outdated_case_version_is_refused(expected: int | None, error: type[Exception] | None) -> None:
    if error is None:
        rules.check_version(CASE, expected)
        return
    with pytest.raises(error):
        rules.check_version(CASE, expected)


def test_a_dismissal_covers_its_subject_up_to_a_surprise() -> None:
    dismissal = Dismissal(
        ONE, AnomalyKind.WASH_TRADE, ONE, "TEST", None, 10.0, CASE.id, "by", "note", NOW, suppressed=0,
        last_suppressed_at=None,
    )  # fmt: skip
    finding = Finding(AnomalyKind.WASH_TRADE, Subject(str(ONE), "TEST"), NOW, 10.0, 5.0, 1.0, 0.0, "e")
    assert rules.covers(dismissal, finding)
    assert not rules.covers(dismissal, replace(finding, score=10.1))
    assert not rules.covers(dismissal, replace(finding, kind=AnomalyKind.LAYERING))
    assert not rules.covers(dismissal, replace(finding, subject=Subject(str(TWO), "TEST")))
    assert not rules.covers(dismissal, replace(finding, subject=Subject(str(ONE))))
