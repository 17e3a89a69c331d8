"""Habits: the usual range of a quantity of one subject, and of its peers, from the largest values of days.

A day's largest value covers rhythms inside the day: a basket at every close, a burst at every opening. Days without
activity are skipped, so no value is compared with zero, and a subject that trades only on Fridays is compared with
Fridays. The weight of a subject's own history grows with its days; before that its peers count most.
"""

import math
from collections import deque
from dataclasses import dataclass
from statistics import median
from typing import Any, Self

from domain.anomalies.baselines import surprise_of, upper_tail
from domain.anomalies.rhythms import WEEKDAYS, TradingDays, are_in_rhythm

KEPT_DAYS, KEPT_PEER_DAYS = 40, 240
# Of a first day so many values are kept, and so many are needed.
KEPT_FIRSTS, MIN_FIRSTS = 60, 8
# Until a subject has a few days of its own, so many days on which it did nothing count as days below interest.
MOST_QUIET_DAYS = 8
# What is known of peers counts as much as so many days of one's own for the spread.
PEER_WEIGHT = 6.0
# The prior counts as so many days of peers; deviations are learnt up to so many spreads; older ones fade.
PRIOR_DAYS, MAX_DEVIATION, PEER_MEMORY = 20.0, 3.0, 400.0
# Before so many days of others are known, a subject without any of its own is not judged.
MIN_PEER_DAYS, MIN_OWN_DAYS = 15, 3
# Days above this quantile are the large ones of a population; the prior counts as so many of them.
TAIL_QUANTILE, PRIOR_LARGE = 0.9, 4.0
DAY_SECONDS = 86_400
# So many departures are kept; what came so often in a rhythm is part of it.
KEPT_DEPARTURES, RHYTHM_TIMES = 12, 2
# A departure is learnt as so many spreads above the middle at most.
LEARNT_SPREADS = 1.5


@dataclass(frozen=True, slots=True)
class Scale:
    """The scale on which a quantity is judged.

    Attributes:
        least: values below it are of no interest, and count as it.
        floor: the smallest spread that is used.
        beyond: the distance that a departure must have above the largest value of all known days.
        first_seconds: of a subject's first day the largest values of times of this length are known, so that what
            grows in one incident is no past of its own; 0 where each value stands for itself.
        is_logarithm: values are logarithms, so that a subject without any past is judged by how seldom anybody of the
            population goes so far beyond its large ones.
    """

    least: float
    floor: float
    beyond: float
    first_seconds: float = 0.0
    is_logarithm: bool = False


class Peers:
    """The days of all subjects of a kind: their distance from the subject's own usual, and their values."""

    __slots__ = ("_prior", "count", "square", "tops")

    def __init__(self, prior: float) -> None:
        """``prior`` is the spread that is used before there is data."""
        self._prior = prior
        self.count = 0.0
        self.square = prior * prior
        self.tops: deque[float] = deque(maxlen=KEPT_PEER_DAYS)

    @property
    def spread(self) -> float:
        """The usual distance of a day from the subject's usual day (as a standard deviation)."""
        weight = self.count / (self.count + PRIOR_DAYS)
        return math.sqrt(weight * self.square + (1 - weight) * self._prior * self._prior)

    def learn(self, top: float, own_usual: float | None) -> None:
        """Learn a finished day of a subject, with the usual value before it."""
        self.tops.append(top)
        if own_usual is None:
            return
        most = MAX_DEVIATION * self.spread
        deviation = max(-most, min(most, top - own_usual))
        self.count = min(self.count + 1, PEER_MEMORY)
        self.square += (deviation * deviation - self.square) / self.count

    def tail(self, value: float, scale: Scale) -> float:
        """The probability that a day of anybody reaches a value, a logarithm beyond the population's large ones.

        Distances above a high quantile are taken as exponential: a power law of what the logarithms are of. Few of
        them count together with the spread that was assumed before there is data.

        Source: B. M. Hill, "A Simple General Approach to Inference About the Tail of a Distribution", The Annals of
        Statistics 3, 1975.
        """
        tops = sorted(self.tops)
        if len(tops) < MIN_PEER_DAYS or value < tops[-1] + scale.beyond:
            return 1.0
        large = tops[int(TAIL_QUANTILE * len(tops)) :]
        beyond = sum(top - large[0] for top in large[1:])
        rate = (beyond + PRIOR_LARGE * self._prior) / (len(large) - 1 + PRIOR_LARGE)
        return len(large) / len(tops) * math.exp((large[0] - value) / max(rate, scale.floor))

    def state(self) -> dict[str, Any]:
        """The state, as JSON."""
        return {"prior": self._prior, "count": self.count, "square": self.square, "tops": list(self.tops)}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """The peers of a ``state``."""
        peers = cls(state["prior"])
        peers.count, peers.square = state["count"], state["square"]
        peers.tops.extend(state["tops"])
        return peers


class Habit:
    """The largest values of a subject's last days; on its first day, of the times of that day so far.

    ``departures`` are days with their largest value that was told: what comes back in a rhythm is told twice.
    """

    __slots__ = ("count", "day", "departures", "firsts", "quiet", "slot", "today", "tops")

    def __init__(self) -> None:
        self.day = -1
        self.today = -math.inf
        self.tops: deque[float] = deque(maxlen=KEPT_DAYS)
        self.firsts: deque[float] = deque(maxlen=KEPT_FIRSTS)
        self.departures: deque[tuple[int, float]] = deque(maxlen=KEPT_DEPARTURES)
        self.count = 0
        # Weekdays without activity between the subject's days; the time of the newest of the first values.
        self.quiet = 0
        self.slot = -1

    def attend(self, now: float, peers: Peers, scale: Scale) -> None:
        """Learn that the subject is active on this day; what is seen may stay below interest."""
        self.turn(now, peers)
        if int(now // DAY_SECONDS) == self.day:
            self.today = max(self.today, scale.least)

    def look(
        self,
        now: float,
        value: float,
        peers: Peers,
        scale: Scale,
        tell_from: float = math.inf,
        days: TradingDays = WEEKDAYS,
    ) -> tuple[float, float]:
        """Judge a value at a time in seconds, then learn it: returns its surprise, and the usual value.

        A surprise of at least ``tell_from`` is a departure: it is learnt as if it were at the edge of the usual range,
        so that one incident does not hide the next, while behaviour that lasts for days becomes usual. Values of
        earlier days are late and are not learnt. ``days`` are the trading days by which a rhythm is known.
        """
        self.turn(now, peers)
        value = max(value, scale.least)
        middle, spread = self.usual(peers, scale)
        score = self.surprise(value, peers, scale)
        if score >= tell_from:
            if self._is_rhythm(value, scale, days):
                score = 0.0
            self._depart(value)
            value = min(value, middle + LEARNT_SPREADS * spread)
        if int(now // DAY_SECONDS) == self.day:
            self.today = max(self.today, value)
            self.count += 1
            if not self.tops:
                self._first(now, value, scale)
        return score, middle

    def _first(self, now: float, value: float, scale: Scale) -> None:
        """Learn a value of a first day: the largest of its time."""
        slot = int(now // scale.first_seconds) if scale.first_seconds else self.slot + 1
        if slot > self.slot or not self.firsts:
            self.firsts.append(value)
        else:
            self.firsts[-1] = max(self.firsts[-1], value)
        self.slot = max(self.slot, slot)

    def turn(self, now: float, peers: Peers) -> None:
        """Begin a new day when the old one is over."""
        day = int(now // DAY_SECONDS)
        if day <= self.day:
            return
        if math.isfinite(self.today):
            peers.learn(self.today, median(self.tops) if len(self.tops) >= MIN_OWN_DAYS else None)
            self.tops.append(self.today)
            self.firsts.clear()
            self.quiet += sum(WEEKDAYS.is_trading(other) for other in range(max(self.day, day - 30) + 1, day))
        self.day, self.today = day, -math.inf

    def _is_rhythm(self, value: float, scale: Scale, days: TradingDays) -> bool:
        """True if as much came before on days that this one repeats: see ``are_in_rhythm``."""
        alike = sum(
            before + scale.beyond >= value and are_in_rhythm(day, self.day, days) for day, before in self.departures
        )
        return alike >= RHYTHM_TIMES

    def _depart(self, value: float) -> None:
        if self.departures and self.departures[-1][0] == self.day:
            value = max(value, self.departures.pop()[1])
        self.departures.append((self.day, value))

    def known(self) -> list[float]:
        """The largest values of days; on a first day its values so far, once there are enough."""
        if self.tops:
            return list(self.tops)
        return list(self.firsts) if len(self.firsts) >= MIN_FIRSTS else []

    def past(self, scale: Scale) -> list[float]:
        """The days that a value is compared with: known ones, and quiet ones of a subject that has hardly any."""
        if 0 < len(self.tops) < MIN_OWN_DAYS and math.isfinite(scale.least):
            return [*self.tops, *[scale.least] * min(self.quiet, MOST_QUIET_DAYS)]
        return self.known()

    def usual(self, peers: Peers, scale: Scale) -> tuple[float, float]:
        """The middle and the spread (as a standard deviation) of the largest value of a day."""
        own = sorted(self.past(scale))
        known = len(own)
        floor = scale.floor
        within = max(peers.spread, floor)
        if not known:
            others = sorted(peers.tops)
            if len(others) < MIN_PEER_DAYS:
                return scale.least, math.inf
            middle = others[len(others) // 2]
            beside = (others[int(0.9 * (len(others) - 1))] - middle) / 1.2816
            return middle, math.hypot(beside, within)
        middle = median(own)
        upper = max((own[int(0.75 * (known - 1))] - middle) / 0.6745, (own[int(0.9 * (known - 1))] - middle) / 1.2816)
        spread = math.sqrt((known * upper * upper + PEER_WEIGHT * within * within) / (known + PEER_WEIGHT))
        return middle, max(spread, floor) * math.sqrt(1 + 1 / known)

    def surprise(self, value: float, peers: Peers, scale: Scale) -> float:
        """The improbability of a value this high for a day; 0 unless it is well above all earlier ones.

        It is not compared with today's earlier values.
        """
        known = self.past(scale)
        if known and value < max(known) + scale.beyond:
            return 0.0
        middle, spread = self.usual(peers, scale)
        if value <= middle or math.isinf(spread):
            return 0.0
        chance = upper_tail((value - middle) / spread)
        if not known and scale.is_logarithm:
            # A population of many styles is wide, which says little of how far its largest go.
            chance = min(chance, peers.tail(value, scale))
        return surprise_of(chance)

    def state(self) -> dict[str, Any]:
        """The state, as JSON."""
        today = self.today if math.isfinite(self.today) else None
        return {
            "day": self.day,
            "today": today,
            "count": self.count,
            "quiet": self.quiet,
            "slot": self.slot,
            "tops": list(self.tops),
            "firsts": list(self.firsts),
            "departures": [list(one) for one in self.departures],
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """The habit of a ``state``."""
        habit = cls()
        habit.day, habit.count = state["day"], state["count"]
        habit.today = state["today"] if state["today"] is not None else -math.inf
        habit.tops.extend(state["tops"])
        habit.firsts.extend(state["firsts"])
        # States of before have none of these.
        habit.quiet, habit.slot = state.get("quiet", 0), state.get("slot", -1)
        habit.departures.extend((day, value) for day, value in state.get("departures", ()))
        return habit
