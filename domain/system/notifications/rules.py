"""Which channel hears what, and when it may be told. Times and rights are arguments."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.risk.types import Severity
from domain.system.notifications.types import Notice, NotificationChannel, NotificationTopic, QuietHours, Reader

_RANK = {severity: rank for rank, severity in enumerate(Severity)}
ESCALATION = "escalation"
# After so many failures in a row the wait grows no more.
_MOST_DOUBLINGS = 7


@dataclass(frozen=True, slots=True)
class Pace:
    """How quickly channels are told.

    What happens within ``gather_seconds`` goes into one message, and within ``interval_seconds`` there is one message
    of a channel at most. After a failure it is tried again after ``retry_seconds``, then after twice as long, and so
    on. Whoever sends has ``lease_seconds`` to do it; then another takes over. Trouble of a component is told when it
    has lasted for ``confirm_seconds``.
    """

    gather_seconds: float = 2.0
    interval_seconds: float = 30.0
    retry_seconds: float = 30.0
    lease_seconds: float = 60.0
    confirm_seconds: float = 15.0
    give_up_after: timedelta = timedelta(days=1)


def hears(channel: NotificationChannel, notice: Notice, reader: Reader | None) -> bool:
    """Whether a channel is told of a notice. ``reader`` is its owner, None for a channel of the platform.

    An escalation is for channels that ask for escalations, whatever their topics. Accounts narrow what is about an
    account; what is about none concerns everybody.
    """
    if not channel.enabled or notice.at < channel.since or not may_know(notice, reader):
        return False
    chosen = channel.account_ids
    if chosen is not None and notice.account_id is not None and notice.account_id not in chosen:
        return False
    if is_escalation(notice):
        return channel.escalate_after_minutes is not None
    if notice.topic not in channel.topics:
        return False
    return notice.severity is None or _RANK[notice.severity] >= _RANK[channel.min_severity]


def may_know(notice: Notice, reader: Reader | None) -> bool:
    """Whether a person may see what a notice tells; None is the platform itself, which may."""
    if reader is None:
        return True
    if notice.topic is NotificationTopic.TASK_FAILED:
        return reader.is_operator
    return notice.account_id is None or reader.may_read(notice.account_id)


def is_escalation(notice: Notice) -> bool:
    """Whether it says that nobody has taken notice of something."""
    return notice.key.startswith(f"{ESCALATION}:")


def worst(severities: Collection[Severity | None]) -> Severity | None:
    """The highest of some severities."""
    return max((each for each in severities if each is not None), key=_RANK.__getitem__, default=None)


def is_urgent(notice: Notice) -> bool:
    """Whether quiet hours do not hold it back."""
    return notice.severity is Severity.CRITICAL


def is_quiet(quiet: QuietHours | None, timezone: str, now: datetime) -> bool:
    """Whether only what is urgent may be told now. The end of quiet hours is no part of them."""
    if quiet is None:
        return False
    clock = now.astimezone(ZoneInfo(timezone)).time()
    if quiet.start <= quiet.end:
        return quiet.start <= clock < quiet.end
    return clock >= quiet.start or clock < quiet.end


def is_due(
    channel: NotificationChannel, oldest: datetime, oldest_urgent: datetime | None, now: datetime, pace: Pace
) -> bool:
    """Whether a channel is to be told now of what waits for it: since ``oldest``, and urgently since the other."""
    if not channel.enabled or (channel.not_before is not None and now < channel.not_before):
        return False
    since = oldest_urgent if is_quiet(channel.quiet, channel.timezone, now) else oldest
    return since is not None and now - since >= timedelta(seconds=pace.gather_seconds)


def next_attempt(failures: int, now: datetime, pace: Pace) -> datetime:
    """When a channel is tried again that has failed so often in a row."""
    return now + timedelta(seconds=pace.retry_seconds * 2 ** min(max(failures - 1, 0), _MOST_DOUBLINGS))


def clock_text(moment: time | None) -> str | None:
    """A time of the day as people write it, such as 22:00."""
    return None if moment is None else f"{moment:%H:%M}"
