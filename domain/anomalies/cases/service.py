"""Use cases on cases. Each change is audited, numbered, and published to subscribers."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from domain.access.audit import record as audit
from domain.access.audit import target_of
from domain.access.types import Actor, Role, require_role
from domain.access.user_store import find_user_by_email
from domain.anomalies.anomaly import Anomaly
from domain.anomalies.cases import queries, rules, store
from domain.anomalies.cases.forms import encode
from domain.anomalies.cases.log import CHANNEL
from domain.anomalies.cases.types import Case, CaseEvent, CaseEventKind, Dismissal, Disposition
from domain.kernel.bus import Bus
from domain.kernel.errors import BadInput, NotFound
from domain.kernel.ids import new_id
from domain.kernel.text import clean_text
from domain.kernel.unit_of_work import UnitOfWork, unit_of_work
from domain.risk.events import resolve_events

WORKERS = (Role.RISK_MANAGER, Role.ADMIN)
MAX_NOTE, MAX_EMAIL = 2_000, 254


@dataclass(frozen=True, slots=True)
class CaseStep:
    """A change of a case by a person; ``expected_version`` None accepts any version."""

    id: UUID
    expected_version: int | None = None


async def assign_case(bus: Bus, actor: Actor, step: CaseStep, assignee: str | None) -> Case:
    """Give a case to a risk manager or an administrator by email, or to oneself. Repeating it changes nothing.

    Raises:
        Forbidden: neither RISK_MANAGER nor ADMIN.
        BadInput: nobody who works cases has this email.
        NotFound: there is no such case.
        Conflict: it is closed, or at another version.
    """
    require_role(actor, *WORKERS)
    who = actor.email if assignee is None else await _worker(assignee)
    async with unit_of_work(bus) as work:
        change = _Change(work, actor, step, CaseEventKind.ASSIGNED, "assignAnomalyCase")
        before = await change.load()
        if before.assignee == who and before.closed_at is None:
            return before
        return await change.make(lambda case: rules.assign(case, who, work.now), detail={"assignee": who})


async def comment_case(bus: Bus, actor: Actor, step: CaseStep, note: str) -> Case:
    """Add a note to a case, whatever its status.

    Raises:
        Forbidden: neither RISK_MANAGER nor ADMIN.
        BadInput: the note is empty or too long.
        NotFound: there is no such case.
        Conflict: it is at another version.
    """
    require_role(actor, *WORKERS)
    note = _note(note)
    async with unit_of_work(bus) as work:
        change = _Change(work, actor, step, CaseEventKind.COMMENTED, "commentAnomalyCase")
        await change.load()
        return await change.make(lambda case: rules.touch(case, work.now), note)


async def decide_case(bus: Bus, actor: Actor, step: CaseStep, disposition: Disposition, note: str) -> Case:
    """Decide a case, with a note. The same decision again changes nothing.

    Raises:
        Forbidden: neither RISK_MANAGER nor ADMIN.
        BadInput: the note is empty or too long.
        NotFound: there is no such case.
        Conflict: it is closed, or at another version.
    """
    require_role(actor, *WORKERS)
    note = _note(note)
    async with unit_of_work(bus) as work:
        change = _Change(work, actor, step, CaseEventKind.DECIDED, "decideAnomalyCase")
        before = await change.load()
        if before.closed_at is None and (before.disposition, before.note) == (disposition, note):
            return before
        return await change.make(
            lambda case: rules.decide(case, disposition, note, actor.email, work.now),
            note,
            detail={"disposition": disposition.value},
        )


async def close_case(bus: Bus, actor: Actor, step: CaseStep, *, learn: bool) -> Case:
    """End a decided case and resolve the risk events of its findings. Repeating it changes nothing.

    With ``learn``, a DISMISSED case teaches the detector: later findings like its own are not told any more, but
    counted, until the dismissal is removed or the case reopened.

    Raises:
        Forbidden: neither RISK_MANAGER nor ADMIN.
        NotFound: there is no such case.
        Conflict: it is not decided, or at another version.
    """
    require_role(actor, *WORKERS)
    async with unit_of_work(bus) as work:
        change = _Change(work, actor, step, CaseEventKind.CLOSED, "closeAnomalyCase")
        before = await change.load()
        if before.closed_at is not None:
            return before
        case = await change.make(lambda case: rules.close(case, work.now), detail={"learn": learn})
        findings = await queries.load_findings(work, case.id)
        raised = [finding.risk_event_id for finding in findings if finding.risk_event_id is not None]
        note = f"case {case.number}, {case.disposition}: {case.note}"
        await resolve_events(work, raised, actor.email, note[:MAX_NOTE])
        if learn and case.disposition is Disposition.DISMISSED:
            await _learn(work, actor, case, findings)
    return case


async def _learn(work: UnitOfWork, actor: Actor, case: Case, findings: list[Anomaly]) -> None:
    """Remember each subject of the findings, with the highest surprise that is covered."""
    by_subject: dict[str, Anomaly] = {}
    for finding in findings:
        key = rules.subject_of(finding).key
        if key not in by_subject or by_subject[key].score < finding.score:
            by_subject[key] = finding
    for key, finding in sorted(by_subject.items()):
        dismissal = Dismissal(
            id=new_id(),
            kind=case.kind,
            account_id=finding.account_id,
            symbol=finding.symbol,
            component=finding.component,
            max_score=rules.COVERED_FACTOR * finding.score,
            case_id=case.id,
            by=actor.email,
            note=case.note or "",
            at=work.now,
            suppressed=0,
            last_suppressed_at=None,
        )
        await store.save_dismissal(work, dismissal, key)


async def reopen_case(bus: Bus, actor: Actor, step: CaseStep, reason: str) -> Case:
    """Reopen a closed case: its decision is withdrawn, and its dismissals are removed.

    Raises:
        Forbidden: neither RISK_MANAGER nor ADMIN.
        BadInput: the reason is empty or too long.
        NotFound: there is no such case.
        Conflict: it is not closed, or at another version.
    """
    require_role(actor, *WORKERS)
    reason = _note(reason, "reason")
    async with unit_of_work(bus) as work:
        change = _Change(work, actor, step, CaseEventKind.REOPENED, "reopenAnomalyCase")
        await change.load()
        forgotten = await store.remove_dismissals_of(work, step.id)
        return await change.make(lambda case: rules.reopen(case, work.now), reason, detail={"forgotten": forgotten})


async def remove_dismissal(bus: Bus, actor: Actor, dismissal_id: UUID) -> Dismissal:
    """Remove a dismissal, so that the detector reports such findings again; returns the dismissal.

    Raises:
        Forbidden: neither RISK_MANAGER nor ADMIN.
        NotFound: there is no such dismissal, or it was removed already.
    """
    require_role(actor, *WORKERS)
    async with unit_of_work(bus) as work:
        removed = await store.remove_dismissal(work, dismissal_id)
        if removed is None:
            raise NotFound("There is no such dismissal.", field="id")
        told = {"kind": removed.kind.value, "account": removed.account_id, "suppressed": removed.suppressed}
        await audit(work, actor, "removeAnomalyDismissal", target_of("anomalyDismissal", dismissal_id), detail=told)
    return removed


@dataclass(slots=True)
class _Change:
    """One numbered step of a case, under the lock of the head."""

    work: UnitOfWork
    actor: Actor
    step: CaseStep
    kind: CaseEventKind
    action: str
    sequence: int = 0
    number: int = 0
    case: Case | None = None

    async def load(self) -> Case:
        self.sequence, self.number = await queries.lock_head(self.work)
        self.case = await store.load_case(self.work, self.step.id)
        if self.case is None:
            raise NotFound("There is no such case.", field="id")
        return self.case

    async def make(
        self, change: Callable[[Case], Case], note: str | None = None, *, detail: dict[str, object] | None = None
    ) -> Case:
        assert self.case is not None, "loaded before"
        rules.check_version(self.case, self.step.expected_version)
        after = change(self.case)
        event = CaseEvent(self.sequence + 1, self.kind, self.work.now, self.actor.email, note, None, after)
        await queries.append(self.work, [event], self.number)
        self.work.publish(CHANNEL, encode([event]))
        told = {**(detail or {}), "note": note} if note is not None else detail
        await audit(self.work, self.actor, self.action, target_of("anomalyCase", after.id), detail=told)
        return after


def _note(note: str, field: str = "note") -> str:
    return clean_text(note, field=field, max_length=MAX_NOTE, multiline=True)


async def _worker(email: str) -> str:
    user = await find_user_by_email(clean_text(email, field="assignee", max_length=MAX_EMAIL).lower())
    if user is None or not user.active or user.role not in WORKERS:
        raise BadInput("No active risk manager or administrator has this email.", field="assignee")
    return user.email
