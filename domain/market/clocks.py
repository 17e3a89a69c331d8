"""Late ticks and stale quotes, pure: the newest time of each source per symbol, and the age of a quote.

A live source's tick counts by its own time. A tick is left out when it is older than a newer one of its kind, when it
lies further behind another live source than clocks may differ, or when it is further ahead of our clock than a bound. A
replay has a clock of its own: its ticks are as old as their receipt, and another replay of the symbol starts from the
beginning.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from domain.kernel.time import NANOS_PER_SECOND
from domain.market.types import BookTick, Quote, QuoteTick, Tick, TradeTick

# The clocks of two live sources may differ by this much.
MAX_SKEW_NANOS = 5 * NANOS_PER_SECOND
# Before the name of a replay's source.
REPLAY = "replay:"

_KINDS = {QuoteTick: 0, TradeTick: 1, BookTick: 2}
_NEVER = -1


def is_replay(source: str) -> bool:
    """True if a source replays a past market."""
    return source.startswith(REPLAY)


def counts_from(tick: Tick, received: int) -> int:
    """The instant, in nanoseconds, from which a tick's age counts: its own time, or its receipt if that was earlier.

    A replay's ticks count from their receipt.
    """
    return received if is_replay(tick.source) or received < tick.at else tick.at


@dataclass(frozen=True, slots=True)
class ClockBounds:
    """The age above which a quote is stale, and how far a live source's clock may be ahead of ours."""

    stale_after_seconds: float = 30.0
    max_ahead_seconds: float = 60.0

    @property
    def stale_after(self) -> int:
        """The age bound in nanoseconds."""
        return int(self.stale_after_seconds * NANOS_PER_SECOND)

    @property
    def max_ahead(self) -> int:
        """The clock bound in nanoseconds."""
        return int(self.max_ahead_seconds * NANOS_PER_SECOND)


USUAL_BOUNDS = ClockBounds()


class KeptQuote(NamedTuple):
    """A quote with the state that is needed to continue from it.

    The state is the instant that its age counts from, its source, the newest time of each source, and whether it was
    stale on arrival.
    """

    quote: Quote
    counts_from: int
    source: str
    clocks: str
    came_stale: bool = False

    @property
    def is_replayed(self) -> bool:
        """True if it is from the replay of a past market."""
        return is_replay(self.source)


class TickClocks:
    """The newest times of each source of each symbol.

    Every process that reads the same ticks reaches the same state.
    """

    __slots__ = ("_max_ahead", "_newest")

    def __init__(self, bounds: ClockBounds = USUAL_BOUNDS) -> None:
        # The clock of the stream may differ a little from that of whoever let a quote in.
        self._max_ahead = bounds.max_ahead + NANOS_PER_SECOND
        # By symbol and source, the time of the newest quote, trade and book.
        self._newest: dict[str, dict[str, list[int]]] = {}

    def takes(self, tick: Tick, received: int) -> bool:
        """True if a tick received at ``received`` counts; it then is the newest of its kind."""
        sources = self._newest.get(tick.symbol)
        if sources is None:
            sources = self._newest[tick.symbol] = {}
        newest = sources.get(tick.source)
        if newest is None:
            newest = self._begin(sources, tick.source)
        kind = _KINDS[type(tick)]
        if tick.at < newest[kind] or (not is_replay(tick.source) and self._is_astray(tick, received, sources, kind)):
            return False
        newest[kind] = tick.at
        return True

    def _is_astray(self, tick: Tick, received: int, sources: Mapping[str, list[int]], kind: int) -> bool:
        """True if a live tick is too far from our clock, or behind those of other live sources."""
        if tick.at - received > self._max_ahead:
            return True
        if len(sources) == 1:
            return False
        others = (times[kind] for source, times in sources.items() if not is_replay(source))
        return tick.at + MAX_SKEW_NANOS < max(others)

    def stored(self, symbol: str) -> str:
        """The state of a symbol, as text."""
        return json.dumps(self._newest.get(symbol, {}), separators=(",", ":"))

    def restore(self, symbol: str, stored: str) -> None:
        """Merge a stored state of a symbol: the newer time of each source counts."""
        sources = self._newest.setdefault(symbol, {})
        for source, times in json.loads(stored).items():
            known = sources.get(source, [_NEVER] * len(_KINDS))
            sources[source] = [max(pair) for pair in zip(known, times, strict=True)]

    def join(self, others: Mapping[str, str]) -> None:
        """Merge stored states, by symbol."""
        for symbol, stored in others.items():
            self.restore(symbol, stored)

    @staticmethod
    def _begin(sources: dict[str, list[int]], source: str) -> list[int]:
        if is_replay(source):
            # Of a symbol's replays only the last one goes on.
            for other in [known for known in sources if is_replay(known)]:
                del sources[other]
        newest = sources[source] = [_NEVER] * len(_KINDS)
        return newest
