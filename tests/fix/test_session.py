"""The rules of a session, message by message: what FIX 4.4 (volume 2) asks of each side."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.fix.message import Message, write_time
from adapters.fix.session import Action, Deliver, End, Phase, Resend, Reset, Send, Session

NOW = datetime(2026, 3, 2, 14, 30, 15, tzinfo=UTC)


def message(kind: str, number: int, *fields: tuple[int, str], at: datetime = NOW, sender: str = "THEM") -> Message:
    header = ((35, kind), (49, sender), (56, "US"), (34, str(number)), (52, write_time(at)))
    return Message((*header, *fields))


def session(*, expected: int = 1, is_acceptor: bool = True, heartbeat: int = 30) -> Session:
    return Session("US", "THEM", expected, heartbeat_seconds=heartbeat, is_acceptor=is_acceptor, now=0.0)


def logged_on(expected: int = 1, **options: int) -> Session:
    made = session(expected=expected, **options)
    take(made, message("A", expected))
    return made


def take(made: Session, *messages: Message, now: float = 0.0) -> list[Action]:
    return [action for one in messages for action in made.receive(one, NOW, now)]


def kinds(actions: list[Action]) -> list[str]:
    return [action.kind.value if isinstance(action, Send) else type(action).__name__ for action in actions]


def field(action: Action, tag: int) -> str:
    assert isinstance(action, Send)
    return dict(action.body)[tag]


def test_a_logon_is_answered() -> None:
    made = session()
    (answer,) = take(made, message("A", 1))
    assert (kinds([answer]), field(answer, 98), field(answer, 108)) == (["A"], "0", "30")
    assert (made.phase, made.expected) == (Phase.ACTIVE, 2)


def test_a_logon_with_a_higher_number_is_answered_and_the_gap_requested() -> None:
    made = session(expected=3)
    answer, request = take(made, message("A", 7))
    assert (kinds([answer, request]), field(request, 7), field(request, 16)) == (["A", "2"], "3", "0")
    assert made.has_gap
    assert made.expected == 3


def test_a_logon_with_a_lower_number_ends_the_session() -> None:
    actions = take(session(expected=5), message("A", 3))
    assert kinds(actions) == ["5", "End"]
    assert field(actions[0], 58) == "MsgSeqNum too low, expecting 5 but received 3"


def test_a_logon_may_reset_sequence_numbers() -> None:
    made = session(expected=9)
    actions = take(made, message("A", 1, (141, "Y")))
    assert kinds(actions) == ["Reset", "A"]
    assert (field(actions[1], 141), made.expected) == ("Y", 2)


def test_a_first_message_other_than_a_logon_ends_the_session() -> None:
    assert kinds(take(session(), message("D", 1))) == ["5", "End"]


def test_a_second_logon_ends_the_session() -> None:
    assert kinds(take(logged_on(), message("A", 2))) == ["5", "End"]


def test_an_unsolicited_reset_ends_the_session() -> None:
    made = session(is_acceptor=False)
    made.log_on(())
    assert kinds(take(made, message("A", 1, (141, "Y")))) == ["5", "End"]
    made = session(is_acceptor=False, expected=4)
    assert kinds(made.log_on((), reset=True)) == ["Reset", "A"]
    assert take(made, message("A", 1, (141, "Y"))) == []
    assert made.expected == 2


def test_messages_after_a_gap_are_ignored_until_they_are_resent() -> None:
    made = logged_on()
    assert kinds(take(made, message("D", 3))) == ["2"]
    assert take(made, message("D", 4)) == []
    again = (message("D", number, (43, "Y"), (122, write_time(NOW))) for number in (2, 3, 4))
    assert kinds(take(made, *again)) == ["Deliver"] * 3
    assert not made.has_gap


def test_an_unfilled_gap_is_requested_again() -> None:
    made = logged_on()
    assert kinds(take(made, message("D", 3), now=0.0)) == ["2"]
    assert kinds(take(made, message("D", 4), now=31.0)) == ["2"]


def test_a_resend_request_after_a_gap_is_answered_at_once() -> None:
    actions = take(logged_on(), message("2", 5, (7, "1"), (16, "0")))
    assert actions[0] == Resend(1, 0)
    assert kinds(actions) == ["Resend", "2"]


def test_a_duplicate_is_processed_once_and_a_reused_number_ends_the_session() -> None:
    made = logged_on(5)
    assert take(made, message("D", 3, (43, "Y"), (122, write_time(NOW)))) == []
    assert kinds(take(made, message("D", 3))) == ["5", "End"]


def test_a_gap_fill_advances_the_sequence_number() -> None:
    made = logged_on()
    assert take(made, message("4", 2, (123, "Y"), (36, "10"))) == []
    assert made.expected == 10
    # Filling backwards is refused; the message itself counts.
    assert kinds(take(made, message("4", 10, (123, "Y"), (36, "4")))) == ["3"]
    assert made.expected == 11


def test_a_sequence_reset_counts_with_any_number() -> None:
    made = logged_on()
    assert take(made, message("4", 1, (36, "20"))) == []
    assert made.expected == 20
    (rejected,) = take(made, message("4", 99, (123, "N"), (36, "5")))
    assert (field(rejected, 371), field(rejected, 373), made.expected) == ("36", "5", 20)


@pytest.mark.parametrize(
    ("fields", "tag", "reason"),
    [(((58, ""),), "58", "4"), (((43, "Y"),), "122", "1"), (((43, "?"),), "43", "6")],
)
def test_invalid_messages_are_rejected(fields: tuple[tuple[int, str], ...], tag: str, reason: str) -> None:
    made = logged_on()
    (rejected,) = take(made, message("D", 2, *fields))
    assert (field(rejected, 45), field(rejected, 371), field(rejected, 373)) == ("2", tag, reason)
    assert made.expected == 3


def test_a_wrong_comp_id_or_sending_time_ends_the_session() -> None:
    for wrong, reason in (
        (message("D", 2, sender="SOMEBODY"), "9"),
        (message("D", 2, at=NOW - timedelta(seconds=121)), "10"),
    ):
        actions = take(logged_on(), wrong)
        assert kinds(actions) == ["3", "5", "End"]
        assert field(actions[0], 373) == reason


def test_heartbeats_and_test_requests_follow_the_interval() -> None:
    made = logged_on(heartbeat=10)
    assert kinds(made.tick(9.0)) == []
    assert kinds(made.tick(10.0)) == ["0"]
    made.sent_at = 12.0
    assert kinds(made.tick(12.5)) == ["1"]
    assert kinds(made.tick(13.0)) == []
    assert kinds(made.tick(24.5)) == ["End"]
    made = logged_on(heartbeat=10)
    (answer,) = take(made, message("1", 2, (112, "X")))
    assert (kinds([answer]), field(answer, 112)) == (["0"], "X")


def test_a_logout_is_answered_and_ends_the_session() -> None:
    made = logged_on()
    assert kinds(take(made, message("5", 2))) == ["5", "End"]
    made = logged_on()
    assert kinds(made.log_out("done")) == ["5"]
    assert kinds(take(made, message("D", 2))) == ["Deliver"]
    assert take(made, message("5", 3)) == [End("logged out")]
    assert take(made, message("D", 4)) == []


@given(st.lists(st.sampled_from(["take", "lose", "repeat"]), max_size=30), st.integers(0, 5))
def test_every_message_is_delivered_once_in_order_over_losses_and_repeats(events: list[str], lost_at_end: int) -> None:
    """The other side numbers without a gap, loses some on the way, and answers each request to send again in full."""
    made = logged_on()
    sent: list[Message] = []
    delivered: list[str] = []

    def give(one: Message) -> None:
        for action in take(made, one, now=0.0):
            if isinstance(action, Deliver):
                delivered.append(action.message.text(34))
            if isinstance(action, Send) and action.kind.value == "2":
                for again in sent[int(field(action, 7)) - 2 :]:
                    give(Message((*again.fields, (43, "Y"), (122, write_time(NOW)))))

    for event in [*events, *["lose"] * lost_at_end, "take"]:
        if event == "repeat":
            if sent:
                give(Message((*sent[-1].fields, (43, "Y"), (122, write_time(NOW)))))
            continue
        sent.append(message("D", len(sent) + 2))
        if event == "take":
            give(sent[-1])
    assert delivered == [one.text(34) for one in sent]
    assert not isinstance(made.phase, Reset)
