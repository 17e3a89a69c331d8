"""Messages for people, pure: one notice in a few sentences, many as a list of kinds with their numbers."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.system.notifications.rules import is_escalation, worst
from domain.system.notifications.types import (
    Message,
    Notice,
    NotificationChannel,
    NotificationLanguage,
    NotificationTopic,
)
from domain.system.notifications.words import WORDS, Words

# So many kinds of notices are listed; a person reads no more.
MAX_LINES = 20
MAX_TITLE = 150
_PLATFORM = "Tradegraph"
_MAX_SENTENCE = 400
_PAGES = {
    NotificationTopic.RISK_EVENT: "risk/events",
    NotificationTopic.ANOMALY: "surveillance",
    NotificationTopic.ORDER_REJECTED: "orders",
    NotificationTopic.ORDER_FILLED: "orders",
    NotificationTopic.TASK_FAILED: "system",
    NotificationTopic.SYSTEM_HEALTH: "system",
    NotificationTopic.DAILY_STATEMENT: "account/statements",
}


def render(
    message_id: UUID,
    notices: Sequence[Notice],
    channel: NotificationChannel,
    desk: str,
    now: datetime,
    left_out: int = 0,
) -> Message:
    """The message with ``notices``, at least one, in the channel's language, with a link to the desk."""
    words = WORDS[channel.language]
    zone = ZoneInfo(channel.timezone)
    link = f"{desk.rstrip('/')}/{_page(notices)}"
    lines = _one(notices[0], words, zone) if len(notices) == 1 else _many(notices, words, zone)
    if left_out:
        lines.append(words["left_out"].format(count=left_out))
    lines += ["", words["link"].format(link=link)]
    title = f"{_PLATFORM}: {_headline(notices, words)}"[:MAX_TITLE]
    return Message(message_id, now, title, "\n".join(lines), link, tuple(notices), left_out)


def render_test(message_id: UUID, language: NotificationLanguage, desk: str, now: datetime) -> Message:
    """The test message of a channel."""
    words = WORDS[language]
    link = f"{desk.rstrip('/')}/system"
    text = "\n".join([words["test.text"], "", words["link"].format(link=link)])
    return Message(message_id, now, words["test.title"], text, link, ())


def _page(notices: Sequence[Notice]) -> str:
    first = notices[0]
    if len(notices) == 1 and first.topic in (NotificationTopic.ORDER_FILLED, NotificationTopic.ORDER_REJECTED):
        return f"orders/{first.subject_id}"
    topics = {notice.topic for notice in notices}
    return _PAGES[first.topic] if len({_PAGES[topic] for topic in topics}) == 1 else ""


def _headline(notices: Sequence[Notice], words: Words) -> str:
    severity = worst([notice.severity for notice in notices])
    shown = [words[severity.value]] if severity is not None else []
    if len(notices) > 1:
        return ", ".join([*shown, words["several"].format(count=len(notices))])
    return ", ".join([*shown, _subject(notices[0], words)])


def _subject(notice: Notice, words: Words) -> str:
    """Topic, kind, symbol and account in one line."""
    parts = [words[f"topic.{notice.topic}"]]
    if notice.topic is NotificationTopic.SYSTEM_HEALTH:
        parts.append(f"{notice.kind} {words[notice.values['state']]}")
    elif notice.topic is not NotificationTopic.ORDER_FILLED:
        parts.append(words.get(notice.kind, notice.kind))
    parts += [notice.symbol] if notice.symbol is not None else []
    parts += [words["account"].format(account=notice.account)] if notice.account is not None else []
    line = " · ".join(parts)
    if is_escalation(notice):
        line += f" ({words['escalated'].format(minutes=notice.values['minutes'])})"
    return line


def _one(notice: Notice, words: Words, zone: ZoneInfo) -> list[str]:
    severity = [words[notice.severity.value]] if notice.severity is not None else []
    head = " · ".join([*severity, _subject(notice, words)])
    lines = [head, _sentence(notice, words), words["at"].format(at=_clock(notice.at, zone))]
    return [line for line in lines if line]


def _many(notices: Sequence[Notice], words: Words, zone: ZoneInfo) -> list[str]:
    """One line for each kind of notice, in the order in which they came first."""
    groups: dict[tuple[object, ...], list[Notice]] = {}
    for notice in notices:
        state = notice.values.get("state")
        key = (notice.topic, notice.severity, notice.kind, notice.account_id, state, is_escalation(notice))
        groups.setdefault(key, []).append(notice)
    lines = []
    for group in list(groups.values())[:MAX_LINES]:
        last = group[-1]
        severity = [words[last.severity.value]] if last.severity is not None else []
        head = " · ".join([*severity, _subject(last, words)])
        clock = _clock(last.at, zone)
        when = words["times"].format(count=len(group), at=clock) if len(group) > 1 else words["at"].format(at=clock)
        lines.append(f"- {head} ({when}): {_sentence(last, words)}".rstrip(": "))
    hidden = list(groups.values())[MAX_LINES:]
    if hidden:
        lines.append(words["more"].format(count=sum(map(len, hidden))))
    return lines


def _sentence(notice: Notice, words: Words) -> str:
    values = {name: words.get(value, value) for name, value in notice.values.items()}
    given = {**values, "symbol": notice.symbol or "", "text": notice.text, "kind": notice.kind, "day": notice.kind}
    if notice.topic is NotificationTopic.ORDER_FILLED:
        return words["fill"].format(**{"average": "-", **given})
    if notice.topic is NotificationTopic.ORDER_REJECTED:
        text = words.get(notice.kind, notice.text or notice.kind)
        return words["reject"].format(**{**given, "text": text})[:_MAX_SENTENCE]
    if notice.topic is NotificationTopic.DAILY_STATEMENT:
        return words["statement"].format(**given)
    if notice.topic is NotificationTopic.TASK_FAILED:
        return words["failed"].format(**given)[:_MAX_SENTENCE]
    figures = [words[name].format(**given) for name in ("observed", "limit", "action") if name in values]
    return " ".join(filter(None, [notice.text[:_MAX_SENTENCE], f"({', '.join(figures)})" if figures else ""]))


def _clock(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"
