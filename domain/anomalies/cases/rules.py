"""Rules of cases: joining of findings, the steps that people may take, and the coverage of dismissals. Pure.

**Joining.** A finding joins a case that is not closed when all of this holds:

- it is of the same kind,
- of the same symbol, or both have none, and of the same component, or both have none,
- about an account that the case's findings name (in their subject or evidence), or both name none,
- at most ``JOIN_WINDOW`` after the newest finding of the case, or before it,
- and the case has fewer than ``MAX_FINDINGS``.

Of several the newest case is joined; without any, the finding opens one. A finding that joins a decided case takes the
decision back: who decided had not seen it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from domain.anomalies.anomaly import Anomaly
from domain.anomalies.cases.types import Case, CaseStatus, Dismissal, Disposition
from domain.anomalies.types import Finding, Subject
from domain.kernel.errors import BadInput, Conflict
from domain.risk.types import Severity

JOIN_WINDOW = timedelta(days=7)
MAX_FINDINGS, MAX_ACCOUNTS = 500, 50
# A dismissal covers findings that are so many times as surprising as what was dismissed; what is worse is told.
COVERED_FACTOR = 1.5
_SEVERITIES = list(Severity)


def case_to_join(cases: Iterable[Case], finding: Anomaly, accounts: Sequence[UUID]) -> Case | None:
    """The case that a finding about these accounts joins, if there is one."""
    joinable = [case for case in cases if _belongs(case, finding, accounts)]
    return max(joinable, key=lambda case: case.number, default=None)


def _belongs(case: Case, finding: Anomaly, accounts: Sequence[UUID]) -> bool:
    return (
        case.status is not CaseStatus.CLOSED
        and (case.kind, case.symbol, case.component) == (finding.kind, finding.symbol, finding.component)
        and ((not accounts and not case.linked_ids) or not set(accounts).isdisjoint(case.linked_ids))
        and abs(finding.detected_at - case.found_at) <= JOIN_WINDOW
        and case.finding_count < MAX_FINDINGS
    )


def open_case(case_id: UUID, number: int, finding: Anomaly, accounts: Sequence[UUID], now: datetime) -> Case:
    """A new case with its first finding."""
    return Case(
        id=case_id,
        number=number,
        kind=finding.kind,
        symbol=finding.symbol,
        component=finding.component,
        account_ids=(finding.account_id,) if finding.account_id is not None else (),
        linked_ids=tuple(accounts[:MAX_ACCOUNTS]),
        severity=finding.severity,
        score=finding.score,
        finding_count=1,
        status=CaseStatus.OPEN,
        assignee=None,
        disposition=None,
        note=None,
        opened_at=now,
        found_at=finding.detected_at,
        updated_at=now,
        closed_at=None,
        version=1,
    )


def join(case: Case, finding: Anomaly, accounts: Sequence[UUID], now: datetime) -> Case:
    """The case with one finding more."""
    own = (finding.account_id,) if finding.account_id is not None else ()
    undecided = CaseStatus.ASSIGNED if case.assignee is not None else CaseStatus.OPEN
    return replace(
        _changed(case, now),
        account_ids=tuple(dict.fromkeys((*case.account_ids, *own))),
        linked_ids=tuple(dict.fromkeys((*case.linked_ids, *accounts)))[:MAX_ACCOUNTS],
        severity=max(case.severity, finding.severity, key=_SEVERITIES.index),
        score=max(case.score, finding.score),
        finding_count=case.finding_count + 1,
        found_at=max(case.found_at, finding.detected_at),
        status=undecided,
        disposition=None,
        note=None,
    )


def assign(case: Case, assignee: str, now: datetime) -> Case:
    """Give a case to somebody; a decision stays.

    Raises:
        Conflict: it is closed.
    """
    _require_open(case)
    status = CaseStatus.ASSIGNED if case.status is CaseStatus.OPEN else case.status
    return replace(_changed(case, now), assignee=assignee, status=status)


def decide(case: Case, disposition: Disposition, note: str, by: str, now: datetime) -> Case:
    """Say what a case is; until it is closed, that can be said anew. Who decides a case that nobody has, has it.

    Raises:
        Conflict: it is closed.
    """
    _require_open(case)
    assignee = case.assignee or by
    changed = _changed(case, now)
    return replace(changed, assignee=assignee, status=CaseStatus.DECIDED, disposition=disposition, note=note)


def close(case: Case, now: datetime) -> Case:
    """End a case.

    Raises:
        Conflict: it is not decided.
    """
    _require_open(case)
    if case.disposition is None:
        raise Conflict("A case is decided before it is closed.")
    return replace(_changed(case, now), status=CaseStatus.CLOSED, closed_at=now)


def reopen(case: Case, now: datetime) -> Case:
    """Take up a closed case again; its decision is taken back.

    Raises:
        Conflict: it is not closed.
    """
    if case.status is not CaseStatus.CLOSED:
        raise Conflict("The case is open.")
    status = CaseStatus.ASSIGNED if case.assignee is not None else CaseStatus.OPEN
    return replace(_changed(case, now), status=status, disposition=None, note=None, closed_at=None)


def touch(case: Case, now: datetime) -> Case:
    """A case that somebody said something about."""
    return _changed(case, now)


def check_version(case: Case, expected: int | None) -> None:
    """Refuse to change what has changed since it was seen.

    Raises:
        BadInput: no case ever has such a version.
        Conflict: it is at another version.
    """
    if expected is None:
        return
    if expected < 1:
        raise BadInput("A version is 1 or more.", field="expectedVersion")
    if expected != case.version:
        raise Conflict(f"The case is at version {case.version}.", version=case.version)


def covers(dismissal: Dismissal, finding: Finding) -> bool:
    """True if a finding matches a dismissed one, and is not much more surprising."""
    return (
        dismissal.kind is finding.kind
        and subject_of(dismissal) == finding.subject
        and (finding.score <= dismissal.max_score)
    )


def subject_of(what: Dismissal | Anomaly) -> Subject:
    """The subject of a dismissal or of a finding that was told."""
    account_id = str(what.account_id) if what.account_id is not None else None
    return Subject(account_id, what.symbol, what.component)


def _changed(case: Case, now: datetime) -> Case:
    return replace(case, version=case.version + 1, updated_at=now)


def _require_open(case: Case) -> None:
    if case.status is CaseStatus.CLOSED:
        raise Conflict("The case is closed: reopen it first.")
