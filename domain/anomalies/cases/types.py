"""Words and values of cases."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.anomalies.types import AnomalyKind
from domain.risk.types import Severity


class CaseStatus(StrEnum):
    """The status of a case: open, in work, decided, or closed."""

    OPEN = "OPEN"
    ASSIGNED = "ASSIGNED"
    DECIDED = "DECIDED"
    CLOSED = "CLOSED"


class Disposition(StrEnum):
    """A person's decision on a case: confirmed, explained, or a false alarm."""

    CONFIRMED = "CONFIRMED"
    EXPLAINED = "EXPLAINED"
    DISMISSED = "DISMISSED"


class CaseEventKind(StrEnum):
    """The kind of a case event."""

    OPENED = "OPENED"
    JOINED = "JOINED"
    ASSIGNED = "ASSIGNED"
    COMMENTED = "COMMENTED"
    DECIDED = "DECIDED"
    CLOSED = "CLOSED"
    REOPENED = "REOPENED"


@dataclass(frozen=True, slots=True)
class CaseShare:
    """The case as it would be with the findings about one account alone, and the steps of people since the first.

    ``steps_before`` counts the steps of people before that. Shares of earlier versions have no ``status``: there, the
    case's own values stand for what they do not know.
    """

    account_id: UUID
    finding_count: int
    severity: Severity
    score: float
    found_at: datetime
    opened_at: datetime | None = None
    updated_at: datetime | None = None
    status: CaseStatus | None = None
    disposition: Disposition | None = None
    steps_before: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """Findings that belong together, and their handling by people.

    ``number`` counts all cases. ``account_ids`` are the accounts that the findings are about; ``linked_ids`` are those
    and the others that the evidence names. ``severity`` and ``score`` are the highest of its findings. ``assignee`` is
    an email; ``note`` is the reason of the disposition. ``version`` grows with each change, that is with each finding
    and each step of a person. ``shares`` say the same of each account alone; snapshots of earlier versions have none.
    """

    id: UUID
    number: int
    kind: AnomalyKind
    symbol: str | None
    component: str | None
    account_ids: tuple[UUID, ...]
    linked_ids: tuple[UUID, ...]
    severity: Severity
    score: float
    finding_count: int
    status: CaseStatus
    assignee: str | None
    disposition: Disposition | None
    note: str | None
    opened_at: datetime
    found_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    version: int
    shares: tuple[CaseShare, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """A step of a case. ``sequence`` numbers those of all cases without gaps; ``case`` is the case after it.

    ``by`` is an email or a part of the platform; ``anomaly_id`` is the finding that opened the case or joined it, and
    ``account_id`` the account that it is about.
    """

    sequence: int
    kind: CaseEventKind
    at: datetime
    by: str
    note: str | None
    anomaly_id: UUID | None
    case: Case
    account_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Dismissal:
    """A pattern that people dismissed: later similar findings of the same kind and subject are not reported.

    It covers findings whose surprise is at most ``max_score``. ``suppressed`` counts the findings that were not
    reported.
    """

    id: UUID
    kind: AnomalyKind
    account_id: UUID | None
    symbol: str | None
    component: str | None
    max_score: float
    case_id: UUID
    by: str
    note: str
    at: datetime
    suppressed: int
    last_suppressed_at: datetime | None
