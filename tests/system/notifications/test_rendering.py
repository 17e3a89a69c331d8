from datetime import timedelta
from string import Formatter
from uuid import UUID

import pytest

from domain.risk.types import Severity
from domain.system.notifications.notices import decode, encode
from domain.system.notifications.rendering import MAX_LINES, render, render_test
from domain.system.notifications.types import NotificationLanguage, NotificationTopic
from domain.system.notifications.words import CHINESE, ENGLISH
from tests.system.notifications.factories import NOON, channel, notice

DESK = "https://desk.example/"
FILL = {"side": "BUY", "quantity": "2", "price": "10.5", "filled": "2", "total": "3", "average": "10.5"}
ORDER = UUID(int=9)


def told(*notices, left_out=0, **changed):
    return render(UUID(int=1), notices, channel(**changed), DESK, NOON, left_out)


def test_one_notice_is_a_few_sentences_with_a_link() -> None:
    message = told(notice())
    assert message.title == "Tradegraph: Critical, Risk · MAX_DAILY_LOSS · account Alpha"
    assert message.text.splitlines() == [
        "Critical · Risk · MAX_DAILY_LOSS · account Alpha",
        "The loss of the day is over the limit. (observed 1200, limit 1000, action HALT)",
        "at 2026-03-02 12:00:00 UTC",
        "",
        "Desk: https://desk.example/risk/events",
    ]


def test_a_notice_in_chinese_has_the_same_content_and_local_time() -> None:
    message = told(notice(), language=NotificationLanguage.ZH, timezone="Asia/Shanghai")
    assert message.title == "Tradegraph: 严重, 风控 · 单日亏损 · 账户 Alpha"
    assert "观察值 1200, 限额 1000, 已执行: 停止" in message.text
    assert "时间 2026-03-02 20:00:00 CST" in message.text


def test_a_fill_notice_shows_the_fill_and_links_to_its_order() -> None:
    fill = notice(topic=NotificationTopic.ORDER_FILLED, severity=None, symbol="AAPL", subject_id=ORDER, values=FILL)
    message = told(fill)
    assert message.title == "Tradegraph: Order filled · AAPL · account Alpha"
    assert "BUY 2 AAPL at 10.5; 2 of 3 are filled, 10.5 on average" in message.text
    assert message.link == f"https://desk.example/orders/{ORDER}"


def test_many_notices_become_one_message_with_counts() -> None:
    storm = [notice(key=f"risk:{number}", at=NOON + timedelta(seconds=number)) for number in range(1_000)]
    other = notice(key="risk:x", kind="PRICE_COLLAR", severity=Severity.WARNING, account_id=None, account=None)
    message = told(*storm, other, left_out=7)
    assert message.title == "Tradegraph: Critical, 1001 messages"
    lines = message.text.splitlines()
    assert lines[0].startswith(
        "- Critical · Risk · MAX_DAILY_LOSS · account Alpha (1000 times, last at 2026-03-02 12:16"
    )
    assert lines[1].startswith("- Warning · Risk · PRICE_COLLAR (at 2026-03-02 12:00:00 UTC): The loss")
    assert lines[2:] == ["7 older messages were left out; see the desk.", "", "Desk: https://desk.example/risk/events"]


def test_the_length_of_a_message_is_bounded() -> None:
    many = [notice(key=f"risk:{number}", kind=f"KIND{number}", text="x" * 1_000) for number in range(500)]
    message = told(*many)
    lines = message.text.splitlines()
    assert len(lines) == MAX_LINES + 3
    assert lines[MAX_LINES] == "and 480 more"
    assert max(map(len, lines)) < 700


def test_an_escalation_says_that_nobody_has_acknowledged_the_event() -> None:
    late = notice(key="escalation:1", values={"minutes": "15"})
    assert "(not acknowledged for 15 minutes)" in told(late).title


@pytest.mark.parametrize("topic", NotificationTopic)
@pytest.mark.parametrize("language", NotificationLanguage)
def test_every_topic_has_texts_in_every_language(topic: NotificationTopic, language: NotificationLanguage) -> None:
    values = {**FILL, "type": "LIMIT", "state": "DOWN", "before": "UP", "text": "t", "opening": "1", "closing": "2"}
    values |= dict.fromkeys(("realized", "unrealized", "fees", "taxes", "executions", "currency"), "3")
    one = notice(topic=topic, values=values, subject_id=ORDER)
    for notices in ([one], [one, notice(key="risk:2")]):
        message = told(*notices, language=language)
        assert message.title.isprintable()
        assert "{" not in message.text
        assert message.link.startswith(DESK)


def test_both_languages_have_the_same_texts_and_placeholders() -> None:
    def places(text: str) -> set[str | None]:
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}

    assert ENGLISH.keys() - CHINESE.keys() == set()
    assert {key: places(text) for key, text in ENGLISH.items()} == {key: places(CHINESE[key]) for key in ENGLISH}


def test_braces_in_user_text_are_not_placeholders() -> None:
    message = told(notice(account="{0.__class__}", text="{left_out}"))
    assert "account {0.__class__}" in message.title
    assert "{left_out}" in message.text


def test_a_stored_notice_round_trips() -> None:
    whole = notice(symbol="AAPL", subject_id=ORDER)
    assert decode(encode(whole)) == whole
    assert decode(encode(notice(severity=None, account_id=None, account=None))).severity is None


def test_a_test_message_is_marked_as_a_test() -> None:
    message = render_test(UUID(int=1), NotificationLanguage.EN, DESK, NOON)
    assert (message.title, message.notices) == ("Tradegraph: test message", ())
