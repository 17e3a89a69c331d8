"""Drafts of channels, checked, pure."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, time
from uuid import UUID

from domain.access.types import Actor, Role, require_role
from domain.kernel.errors import BadInput, Forbidden
from domain.kernel.text import clean_text
from domain.risk.types import Severity
from domain.system.notifications.types import (
    NotificationChannel,
    NotificationLanguage,
    NotificationTopic,
    QuietHours,
)
from domain.system.triggers import check_zone

MAX_NAME_LENGTH, MAX_URL_LENGTH, MAX_ACCOUNTS = 100, 1_000, 500
MAX_ESCALATION_MINUTES = 7 * 24 * 60
OPERATORS = (Role.RISK_MANAGER, Role.ADMIN)


@dataclass(frozen=True, slots=True)
class ChannelDraft:
    """A requested channel. ``url`` may be what is shown of the address that the channel has: then it keeps it."""

    name: str
    url: str
    topics: Collection[NotificationTopic]
    min_severity: Severity = Severity.WARNING
    enabled: bool = True
    shared: bool = False
    account_ids: Collection[UUID] | None = None
    language: NotificationLanguage = NotificationLanguage.EN
    quiet_from: str | None = None
    quiet_to: str | None = None
    timezone: str = "UTC"
    escalate_after_minutes: int | None = None
    id: UUID | None = None


def check_draft(draft: ChannelDraft, actor: Actor) -> ChannelDraft:
    """The draft with its texts cleaned.

    Raises:
        BadInput: names the field.
        Forbidden: it is a channel of the platform, or of the platform's tasks, and the actor is no operator.
    """
    if draft.shared:
        require_role(actor, *OPERATORS)
    if NotificationTopic.TASK_FAILED in draft.topics and actor.role not in OPERATORS:
        raise Forbidden("The topic TASK_FAILED needs the role RISK_MANAGER or ADMIN.")
    if not draft.topics and draft.escalate_after_minutes is None:
        raise BadInput("Give at least one topic, or an escalation time.", field="topics")
    minutes = draft.escalate_after_minutes
    if minutes is not None and not 1 <= minutes <= MAX_ESCALATION_MINUTES:
        raise BadInput(f"The escalation time is 1 to {MAX_ESCALATION_MINUTES} minutes.", field="escalateAfterMinutes")
    if draft.account_ids is not None and not 1 <= len(draft.account_ids) <= MAX_ACCOUNTS:
        raise BadInput(f"Name 1 to {MAX_ACCOUNTS} accounts, or omit this field for all.", field="accountIds")
    check_zone(draft.timezone)
    quiet_hours(draft)
    return replace(
        draft,
        name=clean_text(draft.name, field="name", max_length=MAX_NAME_LENGTH),
        url=clean_text(draft.url, field="url", max_length=MAX_URL_LENGTH),
    )


def quiet_hours(draft: ChannelDraft) -> QuietHours | None:
    """The quiet hours that a draft asks for.

    Raises:
        BadInput: one of the two times is missing or no time, or they are the same.
    """
    if draft.quiet_from is None and draft.quiet_to is None:
        return None
    start = read_clock(draft.quiet_from, "quietFrom")
    end = read_clock(draft.quiet_to, "quietTo")
    if start == end:
        raise BadInput("Quiet hours must end at another time than they begin.", field="quietTo")
    return QuietHours(start, end)


def read_clock(text: str | None, field: str) -> time:
    """A time of the day such as 22:00.

    Raises:
        BadInput: it is none.
    """
    parts = (text or "").split(":")
    if len(parts) == 2 and all(len(part) == 2 and part.isascii() and part.isdigit() for part in parts):
        hour, minute = map(int, parts)
        if hour < 24 and minute < 60:
            return time(hour, minute)
    raise BadInput("Quiet hours need two times of the day, such as 22:00.", field=field)


def made(
    draft: ChannelDraft,
    before: NotificationChannel | None,
    *,
    channel_id: UUID,
    owner_id: UUID | None,
    by: str,
    now: datetime,
    address: Callable[[str], tuple[str, str]],
) -> NotificationChannel:
    """The channel that a checked draft makes of the one before.

    ``address`` gives the encrypted address and what of it may be shown. A channel that hears of more than before, or
    hears again, hears of nothing that happened before now.
    """
    topics = frozenset(draft.topics)
    keeps = before is not None and draft.url == before.shown_url
    sealed, shown = (before.sealed_url, before.shown_url) if before is not None and keeps else address(draft.url)
    goes_on = before is not None and before.enabled and topics <= before.topics
    return NotificationChannel(
        id=channel_id,
        owner_id=owner_id,
        name=draft.name,
        sealed_url=sealed,
        shown_url=shown,
        topics=topics,
        min_severity=draft.min_severity,
        account_ids=None if draft.account_ids is None else frozenset(draft.account_ids),
        language=draft.language,
        quiet=quiet_hours(draft),
        timezone=draft.timezone,
        escalate_after_minutes=draft.escalate_after_minutes,
        enabled=draft.enabled,
        since=before.since if before is not None and goes_on else now,
        # Whoever saves it has seen its trouble, and wants it tried again.
        last_error=None if before is None or not keeps else before.last_error,
        last_sent_at=None if before is None else before.last_sent_at,
        not_before=None,
        failures=0,
        created_by=by if before is None else before.created_by,
        version=1 if before is None else before.version + 1,
    )
