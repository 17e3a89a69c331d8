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

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from domain.anomalies.anomaly import Anomaly
from domain.anomalies.cases.types import Case, CaseEvent, CaseShare, CaseStatus, Dismissal, Disposition
from domain.anomalies.types import Finding, Subject
from domain.kernel.errors import BadInput, Conflict
from domain.risk.types import Severity

JOIN_WINDOW = timedelta(days=7)
MAX_FINDINGS, MAX_ACCOUNTS = 500, 50
# A dismissal covers findings that are so many times as surprising as what was dismissed; what is worse is told.
COVERED_FACTOR = 1.5
_SEVERITIES, _STATUSES = list(Severity), list(CaseStatus)
# What a step makes of a status and a disposition.
Step = Callable[[CaseStatus, Disposition | None], tuple[CaseStatus, Disposition | None]]


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
        shares=_shared((), finding, 0, now),
    )


def join(case: Case, finding: Anomaly, accounts: Sequence[UUID], now: datetime) -> Case:
    """The case with one finding more."""
    own = (finding.account_id,) if finding.account_id is not None else ()
    undecided = CaseStatus.ASSIGNED if case.assignee is not None else CaseStatus.OPEN
    return replace(
        case,
        version=case.version + 1,
        updated_at=now,
        account_ids=tuple(dict.fromkeys((*case.account_ids, *own))),
        linked_ids=tuple(dict.fromkeys((*case.linked_ids, *accounts)))[:MAX_ACCOUNTS],
        severity=max(case.severity, finding.severity, key=_SEVERITIES.index),
        score=max(case.score, finding.score),
        finding_count=case.finding_count + 1,
        found_at=max(case.found_at, finding.detected_at),
        status=undecided,
        disposition=None,
        note=None,
        shares=_shared(_complete(case), finding, case.version - case.finding_count, now),
    )


def _shared(shares: Sequence[CaseShare], finding: Anomaly, people: int, now: datetime) -> tuple[CaseShare, ...]:
    """The shares with a finding more, after so many steps of people; one about no account is in none."""
    if finding.account_id is None:
        return tuple(shares)
    by_account = {share.account_id: share for share in shares}
    before = by_account.get(finding.account_id)
    given = CaseStatus.OPEN if before is None or before.status is CaseStatus.OPEN else CaseStatus.ASSIGNED
    own = CaseShare(
        finding.account_id, 1, finding.severity, finding.score, finding.detected_at, now, now, given, None, people
    )
    by_account[own.account_id] = own if before is None else _sum((before, own))
    return tuple(by_account.values())


def _complete(case: Case) -> tuple[CaseShare, ...]:
    """The shares, those of earlier versions with the case's own values for what they do not know."""
    return tuple(
        share
        if share.status is not None
        else replace(
            share,
            opened_at=case.opened_at,
            updated_at=case.updated_at,
            status=case.status,
            disposition=case.disposition,
        )
        for share in case.shares
    )


def _sum(shares: Sequence[CaseShare]) -> CaseShare:
    """Several shares, which are complete, as one of the first account.

    People decide all of them at once: where one is not decided, a finding about it has come since.
    """
    ranks = [_STATUSES.index(share.status or CaseStatus.OPEN) for share in shares]
    decided = min(ranks) >= _STATUSES.index(CaseStatus.DECIDED)
    rank = min(ranks) if decided else min(max(ranks), _STATUSES.index(CaseStatus.ASSIGNED))
    return CaseShare(
        shares[0].account_id,
        sum(share.finding_count for share in shares),
        max((share.severity for share in shares), key=_SEVERITIES.index),
        max(share.score for share in shares),
        max(share.found_at for share in shares),
        min(share.opened_at for share in shares if share.opened_at is not None),
        max(share.updated_at for share in shares if share.updated_at is not None),
        _STATUSES[rank],
        shares[0].disposition if decided else None,
        min(share.steps_before for share in shares),
    )


def narrowed(case: Case, may_read: Callable[[UUID], bool]) -> Case:
    """The case as it is of the accounts that may be read: nothing of it comes from findings about others."""
    own = tuple(account_id for account_id in case.account_ids if may_read(account_id))
    shares = tuple(share for share in _complete(case) if share.account_id in own)
    case = replace(case, account_ids=own, linked_ids=own, shares=shares)
    if not shares:
        return case
    whole = _sum(shares)
    people = case.version - case.finding_count - whole.steps_before
    return replace(
        case,
        severity=whole.severity,
        score=whole.score,
        finding_count=whole.finding_count,
        found_at=whole.found_at,
        opened_at=whole.opened_at or case.opened_at,
        updated_at=whole.updated_at or case.updated_at,
        status=whole.status or case.status,
        disposition=whole.disposition,
        version=people + whole.finding_count,
    )


def is_step_of(event: CaseEvent, may_read: Callable[[UUID], bool]) -> bool:
    """True if a step may be told to who reads some accounts.

    It is of a finding about one of them, or of a person since there is such a finding. Steps of earlier versions do not
    say whose finding it was: they are told to who reads all accounts of the case.
    """
    if not event.case.shares:
        return all(map(may_read, event.case.account_ids))
    if not any(may_read(share.account_id) for share in event.case.shares):
        return False
    return event.anomaly_id is None or (event.account_id is not None and may_read(event.account_id))


def assign(case: Case, assignee: str, now: datetime) -> Case:
    """Assign a case to a person; its decision stays.

    Raises:
        Conflict: it is closed.
    """
    _require_open(case)
    worked = _worked(case, now, lambda status, said: (max(status, CaseStatus.ASSIGNED, key=_STATUSES.index), said))
    return replace(worked, assignee=assignee)


def decide(case: Case, disposition: Disposition, note: str, by: str, now: datetime) -> Case:
    """Decide a case; an open case can be decided again. An unassigned case is assigned to the person who decides it.

    Raises:
        Conflict: it is closed.
    """
    _require_open(case)
    worked = _worked(case, now, lambda _status, _said: (CaseStatus.DECIDED, disposition))
    return replace(worked, assignee=case.assignee or by, note=note)


def close(case: Case, now: datetime) -> Case:
    """End a case.

    Raises:
        Conflict: it is not decided.
    """
    _require_open(case)
    if case.disposition is None:
        raise Conflict("A case is decided before it is closed.")
    return replace(_worked(case, now, lambda _status, said: (CaseStatus.CLOSED, said)), closed_at=now)


def reopen(case: Case, now: datetime) -> Case:
    """Take up a closed case again; its decision is taken back.

    Raises:
        Conflict: it is not closed.
    """
    if case.status is not CaseStatus.CLOSED:
        raise Conflict("The case is open.")
    again = CaseStatus.ASSIGNED if case.assignee is not None else CaseStatus.OPEN
    return replace(_worked(case, now, lambda _status, _said: (again, None)), note=None, closed_at=None)


def touch(case: Case, now: datetime) -> Case:
    """The case after a person's note."""
    return _worked(case, now, lambda status, said: (status, said))


def check_version(case: Case, expected: int | None) -> None:
    """Refuse the change of a case that has another version than the caller saw.

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
    """The subject of a dismissal or of a reported finding."""
    account_id = str(what.account_id) if what.account_id is not None else None
    return Subject(account_id, what.symbol, what.component)


def _worked(case: Case, now: datetime, step: Step) -> Case:
    """The case after a step of a person, which is one in each of its shares too."""
    shares = []
    for share in _complete(case):
        status, disposition = step(share.status or case.status, share.disposition)
        shares.append(replace(share, updated_at=now, status=status, disposition=disposition))
    status, disposition = step(case.status, case.disposition)
    return replace(
        case,
        version=case.version + 1,
        updated_at=now,
        status=status,
        disposition=disposition,
        shares=tuple(shares),
    )


def _require_open(case: Case) -> None:
    if case.status is CaseStatus.CLOSED:
        raise Conflict("The case is closed: reopen it first.")
