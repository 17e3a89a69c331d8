"""The server's time, learnt from the dates of its answers, however wrong this machine's clock is.

Pure: times are given. They are seconds of a clock that never jumps (``time.monotonic``).
"""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime


class ServerClock:
    """The lead of the server's clock, between two bounds that each answer can draw closer.

    The header ``Date`` is cut to the second: when it was written, the server's clock showed a time from ``Date`` to
    ``Date`` plus a second, and that moment lies between sending the request and receiving the answer.
    """

    def __init__(self) -> None:
        self._least: float | None = None
        self._most: float | None = None

    @property
    def is_known(self) -> bool:
        """True once an answer was seen."""
        return self._least is not None

    @property
    def uncertainty_seconds(self) -> float | None:
        """The most by which ``now`` may be wrong; None before the first answer."""
        return None if self._least is None or self._most is None else (self._most - self._least) / 2

    def observe(self, date: str | None, sent: float, received: float) -> None:
        """Take in the header ``Date`` of an answer."""
        try:
            said = parsedate_to_datetime(date or "").timestamp()
        except ValueError:
            return
        least, most = said - received, said + 1 - sent
        if self._least is not None and self._most is not None:
            narrowed = max(least, self._least), min(most, self._most)
            # Bounds that exclude each other: the server's clock was set, or another server answers. The newest counts.
            least, most = narrowed if narrowed[0] <= narrowed[1] else (least, most)
        self._least, self._most = least, most

    def now(self, monotonic: float) -> datetime:
        """The server's time; this machine's before the first answer."""
        if self._least is None or self._most is None:
            return datetime.now(UTC)
        return datetime.fromtimestamp(0, UTC) + timedelta(seconds=monotonic + (self._least + self._most) / 2)
