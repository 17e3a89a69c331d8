"""Messages of the bus between processes of different versions."""

from dataclasses import astuple, fields, replace
from datetime import UTC, datetime
from uuid import UUID

import orjson
import pytest
from asyncpg.pgproto import pgproto
from hypothesis import given
from hypothesis import strategies as st

from domain.anomalies import log
from domain.anomalies.anomaly import Anomaly
from domain.anomalies.cases import forms
from domain.anomalies.cases.types import Case, CaseEvent, CaseEventKind, CaseStatus
from domain.anomalies.types import AnomalyKind
from domain.risk.types import Severity

AT = datetime(2026, 1, 5, 12, 0, 0, 5, tzinfo=UTC)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
IDS = st.uuids()
ANOMALIES = st.builds(
    Anomaly,
    id=IDS,
    sequence=st.integers(1, 10**12),
    account_id=st.none() | IDS,
    symbol=st.none() | TEXTS,
    component=st.none() | TEXTS,
    score=FLOATS,
    observed=FLOATS,
    expected=st.none() | FLOATS,
    threshold=FLOATS,
    explanation=TEXTS,
    evidence=TEXTS,
    fingerprint=TEXTS,
    detected_at=st.datetimes(timezones=st.just(UTC)),
    risk_event_id=st.none() | IDS,
    case_id=st.none() | IDS,
)
ANOMALY = Anomaly(
    id=UUID(int=1), sequence=7, kind=AnomalyKind.FRONT_RUNNING, severity=Severity.WARNING, account_id=UUID(int=2),
    symbol="COIN", component=None, score=7.5, observed=0.0, expected=0.0, threshold=5.0, explanation="so",
    evidence="{}", fingerprint="one", detected_at=AT, risk_event_id=UUID(int=3), case_id=UUID(int=4),
)  # fmt: skip
CASE = Case(
    id=UUID(int=4), number=1, kind=AnomalyKind.WASH_TRADE, symbol=None, component=None, account_ids=(UUID(int=2),),
    linked_ids=(UUID(int=2), UUID(int=5)), severity=Severity.INFO, score=0.0, finding_count=1,
    status=CaseStatus.OPEN, assignee=None, disposition=None, note=None, opened_at=AT, found_at=AT, updated_at=AT,
    closed_at=None, version=1,
)  # fmt: skip
STEP = CaseEvent(3, CaseEventKind.OPENED, AT, "anomaly detection", None, UUID(int=1), CASE)


@given(st.lists(ANOMALIES, max_size=3))
def test_messages_are_decoded_to_what_was_encoded(anomalies: list[Anomaly]) -> None:
    assert log.decode(log.encode(anomalies)) == [(one.sequence, one) for one in anomalies]


def test_ids_of_the_database_driver_are_encoded() -> None:
    found = replace(ANOMALY, account_id=pgproto.UUID(str(ANOMALY.account_id)), case_id=pgproto.UUID(str(UUID(int=4))))
    assert log.decode(log.encode([found])) == [(7, ANOMALY)]


def test_unknown_members_of_later_versions_are_ignored() -> None:
    message = orjson.loads(log.encode([ANOMALY]))
    message["anomalies"][0]["urgency"] = "HIGH"
    message |= {"version": 99, "sender": "one"}
    assert log.decode(orjson.dumps(message)) == [(7, ANOMALY)]


@pytest.mark.parametrize("missing", ["case_id", "expected", "score", "explanation"])
def test_missing_members_of_earlier_versions_get_defaults(missing: str) -> None:
    message = orjson.loads(log.encode([ANOMALY]))
    message["anomalies"][0].pop(missing, None)
    neutral = {"case_id": None, "expected": None, "score": 0.0, "explanation": ""}[missing]
    assert log.decode(orjson.dumps(message)) == [(7, replace(ANOMALY, **{missing: neutral}))]


@pytest.mark.parametrize("change", [-1, 0, 1])
def test_lists_of_values_of_earlier_versions_are_decoded(change: int) -> None:
    values = [*astuple(ANOMALY), "a later one"][: len(fields(Anomaly)) + change]
    expected = ANOMALY if change >= 0 else replace(ANOMALY, case_id=None)
    assert log.decode(orjson.dumps([values], default=str)) == [(7, expected)]


def test_case_steps_are_decoded_with_more_and_fewer_members() -> None:
    (step,) = orjson.loads(forms.encode([STEP]))
    later = step | {"channel": "desk", "case": step["case"] | {"priority": 3}}
    assert forms.decode(orjson.dumps([step, later])) == [(3, STEP)] * 2
    earlier = {name: value for name, value in step.items() if name != "note"}
    earlier["case"] = {name: value for name, value in step["case"].items() if name not in ("linked_ids", "closed_at")}
    assert forms.decode(orjson.dumps([earlier])) == [(3, replace(STEP, case=replace(CASE, linked_ids=())))]


def test_case_snapshots_are_decoded_with_more_and_fewer_members() -> None:
    stored = orjson.loads(forms.write_case(CASE))
    assert forms.read_case(orjson.dumps(stored | {"priority": 3})) == CASE
    del stored["score"], stored["assignee"]
    assert forms.read_case(orjson.dumps(stored)) == CASE
