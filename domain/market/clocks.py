"""Which ticks count, pure: the newest time that each source has told of a symbol, and how old a quote is.

A live source's tick counts by its own time. One that comes after a newer one of its kind is late, and left out: so is
one that lies further behind another live source than clocks differ, and one that is ahead of ours beyond a bound. A
replay has a clock of its own: its ticks are as old as their receipt, and another replay of the symbol starts anew.
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
    """Whether a source plays a past market again."""
    return source.startswith(REPLAY)


def counts_from(tick: Tick, received: int) -> int:
    """The instant, in nanoseconds, that a tick's age counts from: its own time, or its receipt if that was earlier.

    A replay's ticks are as old as their receipt.
    """
    return received if is_replay(tick.source) or received < tick.at else tick.at


@dataclass(frozen=True, slots=True)
class ClockBounds:
    """A quote that is older is stale; a live source's clock may be ahead of ours by so much."""

    stale_after_seconds: float = 30.0
    max_ahead_seconds: float = 60.0

    @property
    def stale_after(self) -> int:
        """The same in nanoseconds."""
        return int(self.stale_after_seconds * NANOS_PER_SECOND)

    @property
    def max_ahead(self) -> int:
        """The same in nanoseconds."""
        return int(self.max_ahead_seconds * NANOS_PER_SECOND)


USUAL_BOUNDS = ClockBounds()


class KeptQuote(NamedTuple):
    """A quote with what has to be known to go on from it.

    That is the instant that its age counts from, who said it, what each source has told, and whether it was stale when
    it came.
    """

    quote: Quote
    counts_from: int
    source: str
    clocks: str
    came_stale: bool = False

    @property
    def is_replayed(self) -> bool:
        """Whether it is of a past market that is played again."""
        return is_replay(self.source)


class TickClocks:
    """What is known of each source of each symbol. Every process that follows the same ticks comes to the same."""

    __slots__ = ("_max_ahead", "_newest")

    def __init__(self, bounds: ClockBounds = USUAL_BOUNDS) -> None:
        # The clock of the stream may differ a little from that of whoever let a quote in.
        self._max_ahead = bounds.max_ahead + NANOS_PER_SECOND
        # By symbol and source, the time of the newest quote, trade and book.
        self._newest: dict[str, dict[str, list[int]]] = {}

    def takes(self, tick: Tick, received: int) -> bool:
        """Whether a tick counts, received at ``received``; one that does is the newest of its kind from now on."""
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
        """Whether a live tick is too far from our clock, or behind those of other live sources."""
        if tick.at - received > self._max_ahead:
            return True
        if len(sources) == 1:
            return False
        others = (times[kind] for source, times in sources.items() if not is_replay(source))
        return tick.at + MAX_SKEW_NANOS < max(others)

    def stored(self, symbol: str) -> str:
        """What is known of a symbol, as text."""
        return json.dumps(self._newest.get(symbol, {}), separators=(",", ":"))

    def restore(self, symbol: str, stored: str) -> None:
        """Know at least what ``stored`` says of a symbol: of each source the newer counts."""
        sources = self._newest.setdefault(symbol, {})
        for source, times in json.loads(stored).items():
            known = sources.get(source, [_NEVER] * len(_KINDS))
            sources[source] = [max(pair) for pair in zip(known, times, strict=True)]

    def join(self, others: Mapping[str, str]) -> None:
        """Know at least what others know, stored by symbol."""
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
