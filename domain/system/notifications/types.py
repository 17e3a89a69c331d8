"""Words and values of notifications.

A source (the log of risk events, of anomalies, of accounts, the runs of tasks, the platform's health) yields notices.
Each channel that gets a notice has one delivery of it. The due deliveries of a channel are sent together,
as one message.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum
from uuid import UUID

from domain.access.types import Role
from domain.risk.types import Severity


class NotificationTopic(StrEnum):
    """The topic of a notice."""

    RISK_EVENT = "RISK_EVENT"
    ANOMALY = "ANOMALY"
    ORDER_REJECTED = "ORDER_REJECTED"
    ORDER_FILLED = "ORDER_FILLED"
    TASK_FAILED = "TASK_FAILED"
    SYSTEM_HEALTH = "SYSTEM_HEALTH"
    DAILY_STATEMENT = "DAILY_STATEMENT"


# What is read from the logs of accounts.
ACCOUNT_TOPICS = frozenset(
    {NotificationTopic.ORDER_REJECTED, NotificationTopic.ORDER_FILLED, NotificationTopic.DAILY_STATEMENT}
)


class NotificationLanguage(StrEnum):
    """The language of a channel's messages."""

    EN = "EN"
    ZH = "ZH"


class DeliveryState(StrEnum):
    """PENDING: to be sent. FAILED: dropped after a day. DROPPED: the owner may no longer see it."""

    PENDING = "PENDING"
    SENT = "SENT"
    FAILED = "FAILED"
    DROPPED = "DROPPED"


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From one time of the day to another, over midnight when the second is the earlier."""

    start: time
    end: time


@dataclass(frozen=True, slots=True)
class NotificationChannel:
    """The address of messages, and the choice of their notices.

    ``owner_id`` is None for a channel of the platform, which gets the notices of every account. ``sealed_url`` is the
    encrypted address, ``shown_url`` its visible part. ``account_ids`` filters notices about accounts, None does not.
    ``since`` is the time at which it was made, enabled or last given other topics: it gets no earlier notices.
    ``failures`` counts attempts since the last success; before ``not_before`` nothing is sent.
    """

    id: UUID
    owner_id: UUID | None
    name: str
    sealed_url: str = field(repr=False)
    shown_url: str
    topics: frozenset[NotificationTopic]
    min_severity: Severity
    account_ids: frozenset[UUID] | None
    language: NotificationLanguage
    quiet: QuietHours | None
    timezone: str
    escalate_after_minutes: int | None
    enabled: bool
    since: datetime
    last_error: str | None = None
    last_sent_at: datetime | None = None
    not_before: datetime | None = None
    failures: int = 0
    created_by: str | None = None
    version: int = 1

    @property
    def is_shared(self) -> bool:
        """True for a channel of the platform."""
        return self.owner_id is None


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that happened. ``key`` names it for good, so that nobody is told twice.

    ``severity`` is None where a topic knows none: who asked for the topic is told. ``kind`` is what kind of thing it
    is: a rule, a detector, a task, a component, an order's end. ``text`` is a sentence in English; ``values`` are the
    figures that a sentence in another language is made from.
    """

    key: str
    topic: NotificationTopic
    severity: Severity | None
    at: datetime
    kind: str
    text: str
    account_id: UUID | None = None
    account: str | None = None
    symbol: str | None = None
    subject_id: UUID | None = None
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A notice on its way to a channel. ``message_id`` names the message that it went into, once there was an attempt.

    What went into a message stays in it: an attempt that may have arrived is repeated under the same name.
    """

    id: UUID
    channel_id: UUID
    notice: Notice
    message_id: UUID | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Reader:
    """The owner of a channel, with the rights that limit its notices: None stands for the platform itself."""

    role: Role
    accounts: frozenset[UUID]

    def may_read(self, account_id: UUID) -> bool:
        """True if the account is visible to this person."""
        return self.is_operator or account_id in self.accounts

    @property
    def is_operator(self) -> bool:
        """True if this person sees every account and the platform's tasks."""
        return self.role in (Role.RISK_MANAGER, Role.ADMIN)


@dataclass(frozen=True, slots=True)
class Message:
    """A message: for people a title and a text, for programs the notices themselves.

    ``left_out``: the number of further ones.
    """

    id: UUID
    at: datetime
    title: str
    text: str
    link: str
    notices: Sequence[Notice]
    left_out: int = 0
