"""The rules of a FIX session, pure: messages in, actions out.

The rules count what comes in. What goes out is numbered and stored by whoever sends it (``connection``), since a number
may be used only once it is stored. Messages behind a gap are left out: all of them come again when the gap is filled.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from adapters.fix.message import Malformed, Message, read_time
from adapters.fix.tags import ADMINISTRATIVE, MsgType, SessionReject, Tag

# The clocks of both sides may differ by so much, as is usual.
CLOCKS = timedelta(seconds=120)
_TEST_AFTER, _END_AFTER = 1.2, 2.4
Body = tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Send:
    """A message of the session is to be sent."""

    kind: MsgType
    body: Body = ()


@dataclass(frozen=True, slots=True)
class Resend:
    """Messages with these numbers are to be sent again; ``end`` 0 is the last one."""

    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Deliver:
    """A message for the application, in order and once."""

    message: Message


@dataclass(frozen=True, slots=True)
class Reset:
    """Both sides count from 1 again, and stored messages are forgotten."""


@dataclass(frozen=True, slots=True)
class End:
    """The connection is to be closed."""

    reason: str


Action = Send | Resend | Deliver | Reset | End


class Phase(StrEnum):
    """The state of a connection."""

    LOGON = "LOGON"
    ACTIVE = "ACTIVE"
    LEAVING = "LEAVING"
    ENDED = "ENDED"


class Session:
    """One side of a session while it is connected.

    ``expected`` is the number of the next message from the other side. ``heartbeat_seconds`` 0 means that nobody
    watches the time. Times are those of a clock that never jumps, in seconds.
    """

    def __init__(
        self, ours: str, theirs: str, expected: int, *, heartbeat_seconds: int, is_acceptor: bool, now: float
    ) -> None:
        self.ours = ours
        self.theirs = theirs
        self.expected = expected
        self.heartbeat_seconds = heartbeat_seconds
        self.phase = Phase.LOGON
        self.heard_at = now
        self.sent_at = now
        self.is_acceptor = is_acceptor
        self._asks_reset = False
        self._asked_at: float | None = None
        self._test_sent = False

    @property
    def has_gap(self) -> bool:
        """True while messages are missing that were asked for."""
        return self._asked_at is not None

    def log_on(self, body: Body, *, reset: bool = False) -> list[Action]:
        """Begin as the side that connects; ``body`` has its credentials."""
        self._asks_reset = reset
        flag: Body = ((Tag.RESET_SEQ_NUM_FLAG, "Y"),) if reset else ()
        actions: list[Action] = [Reset()] if reset else []
        if reset:
            self.expected = 1
        return [*actions, Send(MsgType.LOGON, (*self._logon_terms(), *flag, *body))]

    def log_out(self, text: str) -> list[Action]:
        """Take leave; the other side is to answer."""
        self.phase = Phase.LEAVING
        return [Send(MsgType.LOGOUT, ((Tag.TEXT, text),))]

    def end(self, text: str) -> list[Action]:
        """Say why, and close."""
        self.phase = Phase.ENDED
        return [Send(MsgType.LOGOUT, ((Tag.TEXT, text),)), End(text)]

    def tick(self, now: float) -> list[Action]:
        """The actions that are due by now: a sign of life, a question for one, or the end of the connection."""
        if not self.heartbeat_seconds or self.phase in (Phase.LOGON, Phase.ENDED):
            return []
        silence = (now - self.heard_at) / self.heartbeat_seconds
        if silence > _END_AFTER:
            self.phase = Phase.ENDED
            return [End("the other side is silent")]
        if silence > _TEST_AFTER and not self._test_sent:
            self._test_sent = True
            return [Send(MsgType.TEST_REQUEST, ((Tag.TEST_REQ_ID, "ARE-YOU-THERE"),))]
        if now - self.sent_at >= self.heartbeat_seconds:
            return [Send(MsgType.HEARTBEAT)]
        return []

    def receive(self, message: Message, at: datetime, now: float) -> list[Action]:
        """The actions that a message from the other side asks for."""
        self.heard_at, self._test_sent = now, False
        if self.phase is Phase.ENDED:
            return []
        try:
            return list(self._receive(message, message.number(Tag.MSG_SEQ_NUM), at, now))
        except Malformed as fault:
            # Without a number nothing can be in order.
            return self.end(fault.text)

    def _receive(self, message: Message, number: int, at: datetime, now: float) -> Iterator[Action]:
        fault = self._fault_of_header(message, at)
        if fault is not None:
            if number == self.expected:
                self.expected += 1
            yield rejection(message, fault)
            yield from self.end(fault.text)
        elif message.type == MsgType.LOGON:
            yield from self._logon(message, number, now)
        elif self.phase is Phase.LOGON:
            yield from self.end("The first message must be a Logon.")
        elif message.type == MsgType.SEQUENCE_RESET and message.get(Tag.GAP_FILL_FLAG) != "Y":
            yield from self._sequence_reset(message)
        elif number > self.expected:
            yield from self._ahead(message, now)
        elif number < self.expected:
            if message.get(Tag.POSS_DUP_FLAG) != "Y":
                yield from self.end(_too_low(number, self.expected))
        else:
            yield from self._in_order(message)

    def _fault_of_header(self, message: Message, at: datetime) -> Malformed | None:
        if (message.get(Tag.SENDER_COMP_ID), message.get(Tag.TARGET_COMP_ID)) != (self.theirs, self.ours):
            return Malformed(SessionReject.COMP_ID_PROBLEM, Tag.SENDER_COMP_ID, "CompID problem")
        try:
            sent = read_time(message.text(Tag.SENDING_TIME), Tag.SENDING_TIME)
        except Malformed as fault:
            return fault
        if abs(sent - at) > CLOCKS:
            text = "SendingTime accuracy problem"
            return Malformed(SessionReject.SENDING_TIME_ACCURACY, Tag.SENDING_TIME, text)
        return None

    def _logon(self, message: Message, number: int, now: float) -> Iterator[Action]:
        resets = message.get(Tag.RESET_SEQ_NUM_FLAG) == "Y"
        if self.phase is not Phase.LOGON and not resets:
            yield from self.end("The session is logged on already.")
            return
        if resets and not self.is_acceptor and not self._asks_reset:
            yield from self.end("A reset of sequence numbers was not requested.")
            return
        if resets and self.is_acceptor:
            self.expected = 1
            yield Reset()
        if number < self.expected:
            yield from self.end(_too_low(number, self.expected))
            return
        self.phase = Phase.ACTIVE
        if self.is_acceptor:
            flag: Body = ((Tag.RESET_SEQ_NUM_FLAG, "Y"),) if resets else ()
            yield Send(MsgType.LOGON, (*self._logon_terms(), *flag))
        if number > self.expected:
            yield self._ask_again(now)
        else:
            self.expected += 1

    def _logon_terms(self) -> Body:
        return ((Tag.ENCRYPT_METHOD, "0"), (Tag.HEART_BT_INT, str(self.heartbeat_seconds)))

    def _ahead(self, message: Message, now: float) -> Iterator[Action]:
        """A message behind a gap: it comes again, unless it must be heeded at once."""
        if message.type == MsgType.LOGOUT:
            yield from self._leave()
            return
        if message.type == MsgType.RESEND_REQUEST:
            # Answered first: both sides may wait for each other's messages.
            yield from self._resend(message)
        waited = None if self._asked_at is None else now - self._asked_at
        if waited is None or waited > max(self.heartbeat_seconds, 1):
            yield self._ask_again(now)

    def _ask_again(self, now: float) -> Send:
        self._asked_at = now
        return Send(MsgType.RESEND_REQUEST, ((Tag.BEGIN_SEQ_NO, str(self.expected)), (Tag.END_SEQ_NO, "0")))

    def _sequence_reset(self, message: Message) -> Iterator[Action]:
        try:
            wanted = message.number(Tag.NEW_SEQ_NO)
            if wanted < self.expected:
                text = f"Value is incorrect: {wanted} is below {self.expected}"
                raise Malformed(SessionReject.VALUE_INCORRECT, Tag.NEW_SEQ_NO, text)
        except Malformed as fault:
            yield rejection(message, fault)
            return
        self._count_to(wanted)

    def _count_to(self, expected: int) -> None:
        self.expected = expected
        self._asked_at = None

    def _in_order(self, message: Message) -> Iterator[Action]:
        self._count_to(self.expected + 1)
        try:
            message.check()
            if message.flag(Tag.POSS_DUP_FLAG) and message.type != MsgType.SEQUENCE_RESET:
                message.text(Tag.ORIG_SENDING_TIME)
            yield from self._heed(message)
        except Malformed as fault:
            yield rejection(message, fault)

    def _heed(self, message: Message) -> Iterator[Action]:
        kind = message.type
        if kind == MsgType.TEST_REQUEST:
            yield Send(MsgType.HEARTBEAT, ((Tag.TEST_REQ_ID, message.text(Tag.TEST_REQ_ID)),))
        elif kind == MsgType.RESEND_REQUEST:
            yield from self._resend(message)
        elif kind == MsgType.SEQUENCE_RESET:
            wanted = message.number(Tag.NEW_SEQ_NO)
            if wanted < self.expected:
                text = f"Value is incorrect: {wanted} fills no gap"
                raise Malformed(SessionReject.VALUE_INCORRECT, Tag.NEW_SEQ_NO, text)
            self._count_to(wanted)
        elif kind == MsgType.LOGOUT:
            yield from self._leave()
        elif kind not in ADMINISTRATIVE or kind == MsgType.REJECT:
            yield Deliver(message)

    def _resend(self, message: Message) -> Iterator[Action]:
        begin, end = message.number(Tag.BEGIN_SEQ_NO), message.number(Tag.END_SEQ_NO)
        if not begin or (end and end < begin):
            raise Malformed(SessionReject.VALUE_INCORRECT, Tag.BEGIN_SEQ_NO, "Value is incorrect: no such range")
        yield Resend(begin, end)

    def _leave(self) -> Iterator[Action]:
        asked, self.phase = self.phase is Phase.LEAVING, Phase.ENDED
        if not asked:
            yield Send(MsgType.LOGOUT)
        yield End("logged out")


def _too_low(number: int, expected: int) -> str:
    return f"MsgSeqNum too low, expecting {expected} but received {number}"


def rejection(message: Message, fault: Malformed) -> Send:
    """The Reject of a message with a missing or wrong field."""
    body = (
        (int(Tag.REF_SEQ_NUM), message.get(Tag.MSG_SEQ_NUM) or "0"),
        (int(Tag.REF_TAG_ID), str(int(fault.tag))),
        (int(Tag.REF_MSG_TYPE), message.type),
        (int(Tag.SESSION_REJECT_REASON), str(fault.reason.value)),
        (int(Tag.TEXT), fault.text),
    )
    return Send(MsgType.REJECT, body)
