"""Metrics of FIX sessions, with FIX clients and with counterparties, of this process.

A registry that serves them registers each of ``ALL``; the counting costs nothing where nobody does.
"""

from typing import Final

from prometheus_client import Counter, Gauge

from adapters.fix.tags import MsgType

CLIENT, VENUE = "client", "venue"
_OTHER = "other"
_KNOWN: Final = frozenset(kind.value for kind in MsgType)

SESSIONS: Final = Gauge(
    "tradegraph_fix_sessions", "FIX sessions that are logged on, with clients or venues.", ("side",), registry=None
)
MESSAGES: Final = Counter(
    "tradegraph_fix_messages",
    "FIX messages that came in and went out, by MsgType; repeated ones apart.",
    ("side", "direction", "type"),
    registry=None,
)
RESENT: Final = Counter(
    "tradegraph_fix_resent",
    "FIX messages that the other side asked for again, or sent again.",
    ("side", "direction"),
    registry=None,
)
REJECTS: Final = Counter(
    "tradegraph_fix_rejects",
    "FIX messages that were rejected: Reject, BusinessMessageReject and OrderCancelReject.",
    ("side", "direction"),
    registry=None,
)
REFUSED_LOGONS: Final = Counter(
    "tradegraph_fix_refused_logons", "Logons of FIX clients that were refused.", registry=None
)
ALL: Final = (SESSIONS, MESSAGES, RESENT, REJECTS, REFUSED_LOGONS)
_REJECTS: Final = frozenset({MsgType.REJECT, MsgType.BUSINESS_MESSAGE_REJECT, MsgType.ORDER_CANCEL_REJECT})


class Traffic:
    """The counting of one connection; ``is_acceptor``: with a client."""

    def __init__(self, *, is_acceptor: bool) -> None:
        self._side = CLIENT if is_acceptor else VENUE
        self._is_counted = False

    def sent(self, kind: str) -> None:
        """Count a message that goes out for the first time."""
        self._count("out", kind)

    def received(self, kind: str, *, is_repeat: bool) -> None:
        """Count a message that has come in."""
        if is_repeat:
            RESENT.labels(self._side, "in").inc()
        else:
            self._count("in", kind)

    def sent_again(self, messages: int) -> None:
        """Count messages that went out once more."""
        RESENT.labels(self._side, "out").inc(messages)

    def logged_on(self, *, active: bool) -> None:
        """Count the session while it is ``active``."""
        if active is not self._is_counted:
            self._is_counted = active
            SESSIONS.labels(self._side).inc(1 if active else -1)

    def _count(self, direction: str, kind: str) -> None:
        # A client may send any text as a type.
        MESSAGES.labels(self._side, direction, kind if kind in _KNOWN else _OTHER).inc()
        if kind in _REJECTS:
            REJECTS.labels(self._side, direction).inc()
