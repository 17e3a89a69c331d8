"""Rules of notifications: the notices of each channel, and the time of sending. Times and rights are arguments."""

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
    """The pace of messages.

    Notices within ``gather_seconds`` go into one message, and a channel has at most one message within
    ``interval_seconds``. A failed message is tried again after ``retry_seconds``, then after twice as long, and so on.
    A sender has ``lease_seconds``; then another takes over. An unhealthy component is reported when that has lasted for
    ``confirm_seconds``.
    """

    gather_seconds: float = 2.0
    interval_seconds: float = 30.0
    retry_seconds: float = 30.0
    lease_seconds: float = 60.0
    confirm_seconds: float = 15.0
    give_up_after: timedelta = timedelta(days=1)


def hears(channel: NotificationChannel, notice: Notice, reader: Reader | None) -> bool:
    """True if a channel gets a notice. ``reader`` is its owner, None for a channel of the platform.

    An escalation goes to channels that ask for escalations, whatever their topics. A choice of accounts filters notices
    about an account; a notice about none goes to all.
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
    """True if a person may see the content of a notice; None is the platform itself, which may."""
    if reader is None:
        return True
    if notice.topic is NotificationTopic.TASK_FAILED:
        return reader.is_operator
    return notice.account_id is None or reader.may_read(notice.account_id)


def is_escalation(notice: Notice) -> bool:
    """True if the notice escalates an earlier one that nobody has acknowledged."""
    return notice.key.startswith(f"{ESCALATION}:")


def worst(severities: Collection[Severity | None]) -> Severity | None:
    """The highest of some severities."""
    return max((each for each in severities if each is not None), key=_RANK.__getitem__, default=None)


def is_urgent(notice: Notice) -> bool:
    """True if it is sent in quiet hours, too."""
    return notice.severity is Severity.CRITICAL


def is_quiet(quiet: QuietHours | None, timezone: str, now: datetime) -> bool:
    """True if only urgent notices may be sent now. The end of quiet hours is not part of them."""
    if quiet is None:
        return False
    clock = now.astimezone(ZoneInfo(timezone)).time()
    if quiet.start <= quiet.end:
        return quiet.start <= clock < quiet.end
    return clock >= quiet.start or clock < quiet.end


def is_due(
    channel: NotificationChannel, oldest: datetime, oldest_urgent: datetime | None, now: datetime, pace: Pace
) -> bool:
    """True if a channel's waiting notices must be sent now: waiting since ``oldest``, urgent ones since the other."""
    if not channel.enabled or (channel.not_before is not None and now < channel.not_before):
        return False
    since = oldest_urgent if is_quiet(channel.quiet, channel.timezone, now) else oldest
    return since is not None and now - since >= timedelta(seconds=pace.gather_seconds)


def next_attempt(failures: int, now: datetime, pace: Pace) -> datetime:
    """The next attempt of a channel that has failed so often in a row."""
    return now + timedelta(seconds=pace.retry_seconds * 2 ** min(max(failures - 1, 0), _MOST_DOUBLINGS))


def clock_text(moment: time | None) -> str | None:
    """A time of the day as people write it, such as 22:00."""
    return None if moment is None else f"{moment:%H:%M}"
