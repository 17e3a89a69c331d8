"""Detector of loss patterns: long streaks of losses, growing losses, and growing sizes after losses.

A trade is a closed round trip: fills that close in one symbol on one side, without an opening between them and without
a long pause, are one trade, however many slices a schedule cut it into. They close what was opened last.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from domain.anomalies.baselines import binomial_upper_tail, surprise_of
from domain.anomalies.detectors.base import ALL, Detector, Memory
from domain.anomalies.detectors.trips import Fill, Leg, follow, grown_old
from domain.anomalies.facts import Executed
from domain.anomalies.habits import Habit, Peers, Scale
from domain.anomalies.types import AnomalyKind, Finding, Subject

# Slices further apart than this are trades of their own.
PAUSE_SECONDS = 3_600.0
# The drain is the loss of so many trades together.
DRAIN_TRADES, UNIT_TRADES, MIN_TRADES = 20, 200, 30
MAX_OPEN, MAX_IDS = 50, 100
# What an account that has not traded yet is taken to lose: ten trades, half of them.
PRIOR_TRADES, PRIOR_LOSSES = 10, 5
# Nobody loses so often that a streak says nothing at all.
MIN_LOSS_RATE, MAX_LOSS_RATE = 0.3, 0.9
# Losses are counted among so many newest trades, where so many of them lost.
SCANNED, LEAST_SCANNED = (15, 20, 30, 40, 60), 0.8
# Twice the size after a loss: what is taken for twice, and how often that happens before it is known.
DOUBLE_LOW, DOUBLE_HIGH = 1.6, 3.2
PRIOR_DOUBLES, PRIOR_OPENINGS, MIN_DOUBLES = 1.2, 20.0, 4
# Of drains, on a logarithmic scale; and the spread of peers before any is known.
SCALE, PRIOR = Scale(math.log(3), 0.8, 0.7), 0.8
# Of the longest streaks of days, on a logarithmic scale; and the spread of peers before any is known.
STREAK_SCALE, STREAK_PRIOR = Scale(math.log(8), 0.15, math.log(1.4)), 0.2


@dataclass(slots=True)
class LossMemory(Memory):
    """Open trades (by symbol), the streak, the frequencies of losses and of doubled sizes, and trade results."""

    # By symbol: legs that are open.
    legs: dict[str, list[Leg]] = field(default_factory=dict)
    # By symbol: the position of before, as far as it is known.
    old: dict[str, float] = field(default_factory=dict)
    # By symbol: sign of what closes, result so far, time of the last fill.
    open: dict[str, list[float]] = field(default_factory=dict)
    # By symbol: quantity and result of the last round trip, and how often it had doubled.
    sizes: dict[str, list[float]] = field(default_factory=dict)
    trades: int = 0
    losses: int = 0
    again: int = 0
    streak: int = 0
    streak_ids: deque[str] = field(default_factory=lambda: deque(maxlen=MAX_IDS))
    streak_told: float = 0.0
    double_ids: deque[str] = field(default_factory=lambda: deque(maxlen=MAX_IDS))
    doubles: float = 0.0
    openings: float = 0.0
    double_told: int = 0
    drain_told: float = 0.0
    results: deque[float] = field(default_factory=lambda: deque(maxlen=UNIT_TRADES))
    last_ids: deque[str] = field(default_factory=lambda: deque(maxlen=MAX_IDS))
    streaks: Habit = field(default_factory=Habit)
    streak_peers: Peers = field(default_factory=lambda: Peers(STREAK_PRIOR))
    drains: Habit = field(default_factory=Habit)
    peers: Peers = field(default_factory=lambda: Peers(PRIOR))


class LossPattern(Detector[Executed, LossMemory]):
    """Reports streaks of losing trades, growing losses, and sizes that double after losses."""

    kind = AnomalyKind.LOSS_PATTERN
    description = "More losing trades in a row than chance explains, growing losses, or sizes that double after losses"
    reads = (Executed,)
    # Trades of all accounts.
    warmup = 60
    memory = LossMemory

    def subjects_of(self, fact: Executed) -> tuple[str, ...]:
        """See the base class."""
        return (fact.account_id, ALL)

    def _observe(self, fact: Executed) -> Sequence[Finding]:
        memory, everybody = (self._subjects[key] for key in self.subjects_of(fact))
        now = fact.at.timestamp()
        legs = memory.legs.setdefault(fact.symbol, [])
        _forget(memory.legs)
        memory.double_ids.append(fact.id)
        old = memory.old[fact.symbol] = memory.old.get(fact.symbol, 0.0) + grown_old(legs, now)
        _forget(memory.old)
        fill = Fill(
            fact.order_id, float(fact.side.sign), float(fact.quantity), float(fact.price), now,
            is_old=fact.realized_pnl is not None,
        )  # fmt: skip
        closed = follow(legs, fill)
        found: Sequence[Finding] = ()
        if closed is not None:
            if closed.was_old:
                # It was no end of an old position, but the first half of a round trip.
                memory.open.pop(fact.symbol, None)
            # Of an account that held nothing else the reported result is exact: it has fees and multipliers. And who
            # closes at the price of the opening pays fees.
            is_exact = (not old and not closed.was_old) or not closed.result
            result = float(fact.realized_pnl) if is_exact and fact.realized_pnl is not None else closed.result
            found = self._closes(memory, everybody, fact, now, result, closed.opened)
        elif fill.is_old:
            found = self._closes(memory, everybody, fact, now, float(fact.realized_pnl or 0), 0.0)
        else:
            self._end(memory, everybody, fact.symbol)
        return found if everybody.trades >= self.tuning.warmup else ()

    def _closes(
        self, memory: LossMemory, everybody: LossMemory, fact: Executed, now: float, result: float, opened: float
    ) -> Sequence[Finding]:
        held = memory.open.get(fact.symbol)
        found: list[Finding] = []
        if held is None or held[0] != fact.side.sign or now - held[2] > PAUSE_SECONDS:
            self._end(memory, everybody, fact.symbol)
            held = memory.open[fact.symbol] = [float(fact.side.sign), 0.0, now]
            _forget(memory.open)
            if opened:
                found += self._begins(memory, everybody, fact, opened)
        held[1] += result
        held[2] = now
        memory.streak_ids.append(fact.id)
        memory.last_ids.append(fact.id)
        return [
            *found,
            *self._streak(memory, everybody, fact, now, held[1]),
            *self._drain(memory, everybody, fact, now, held[1]),
        ]

    def _begins(self, memory: LossMemory, everybody: LossMemory, fact: Executed, opened: float) -> Sequence[Finding]:
        """A round trip begins to close: its opening is complete, so its size is known."""
        size = memory.sizes.setdefault(fact.symbol, [0.0, 0.0, 0.0])
        _forget(memory.sizes)
        before, result, doubles = size
        size[0] = opened
        if before:
            is_double = result < 0 and DOUBLE_LOW <= opened / before <= DOUBLE_HIGH
            size[2] = doubles + 1 if is_double else 0.0
            for one in (memory, everybody):
                one.openings += 1
                # A progression counts once for what is usual.
                one.doubles += is_double and size[2] == 1
            if not is_double:
                memory.double_told = 0
        rate = min((memory.doubles + PRIOR_DOUBLES) / (memory.openings + PRIOR_OPENINGS), 0.5)
        # Sizes that chance draws do not go on growing: after one that is large the next is rarely twice as large.
        score = -math.log10(rate) - (size[2] - 1) * math.log10(rate / 2)
        if size[2] < MIN_DOUBLES or score < self.tuning.threshold or memory.double_told:
            return ()
        memory.double_told = int(size[2])
        explanation = (
            f"{size[2]:.0f} times in a row the trade after a loss was about twice as large, up to {opened:.8g}, usual "
            f"is {rate:.0%} of the trades of this account: the account may be chasing its losses"
        )
        evidence = {"executionIds": list(memory.double_ids)}
        subject = Subject(fact.account_id, fact.symbol)
        return (self._found(subject, fact.at, score, size[2], rate * size[2], explanation, evidence),)

    @staticmethod
    def _end(memory: LossMemory, everybody: LossMemory, symbol: str) -> bool:
        """Count the closed trade in a symbol, if there is one."""
        held = memory.open.pop(symbol, None)
        if held is None:
            return False
        result = held[1]
        memory.results.append(result)
        memory.trades += 1
        everybody.trades += 1
        memory.drain_told *= 0.9
        if result < 0:
            memory.streak += 1
        else:
            memory.losses += memory.streak
            memory.again += max(memory.streak - 1, 0)
            memory.streak, memory.streak_told = 0, 0.0
            memory.streak_ids.clear()
        size = memory.sizes.get(symbol)
        if size is not None:
            size[1] = result
        return True

    def _streak(
        self, memory: LossMemory, everybody: LossMemory, fact: Executed, now: float, result: float
    ) -> Sequence[Finding]:
        """Judge the streak; an open trade counts if it loses so far."""
        if result >= 0:
            return ()
        length = memory.streak + 1
        before = memory.trades - memory.streak
        lost = memory.losses
        rate = min((lost + PRIOR_LOSSES) / (before + PRIOR_TRADES), MAX_LOSS_RATE)
        # After a loss the next one is often likelier, as from a position that is under water.
        again = min((memory.again + PRIOR_LOSSES) / (lost + PRIOR_TRADES), MAX_LOSS_RATE)
        again = max(again, rate)
        # A streak may begin at any trade.
        begin = math.log10(max(before, 10) / 10) / 2
        score = -math.log10(rate) - (length - 1) * math.log10(again) - begin
        # Some gains among many losses change little: what is as improbable as a streak counts as one.
        scanned, lost_of, of = _scan(memory.results, max(again, MIN_LOSS_RATE))
        is_scanned = scanned - begin > score
        score = max(score, scanned - begin)
        alike = max(length, -score / math.log10(again)) if is_scanned else length
        memory_score, usual_streak = memory.streaks.look(
            now, math.log(alike), everybody.streak_peers, STREAK_SCALE, self.tuning.threshold, self._days_of(fact)
        )
        # Losses of one account often come together: what chance says is believed where its days say so too.
        score = min(score, memory_score)
        if score < self.tuning.threshold or score < 2 * memory.streak_told:
            return ()
        memory.streak_told = score
        longest = math.exp(usual_streak)
        what = f"{lost_of} of the last {of} trades lost" if is_scanned else f"{length} losing trades in a row"
        length = lost_of if is_scanned else length
        explanation = (
            f"{what}, usual is at most {longest:.0f} in a row on a day and {rate:.0%} of the {before} earlier trades "
            "of this account: the strategy may have stopped working"
        )
        evidence = {"executionIds": list(memory.last_ids if is_scanned else memory.streak_ids)}
        return (self._found(Subject(fact.account_id), fact.at, score, length, longest, explanation, evidence),)

    def _drain(
        self, memory: LossMemory, everybody: LossMemory, fact: Executed, now: float, lasting: float
    ) -> Sequence[Finding]:
        """Judge losses in units of the account's usual trade result, so that accounts of any size compare."""
        if len(memory.results) < MIN_TRADES:
            return ()
        results = list(memory.results)
        unit = median(abs(result) for result in results) or 1.0
        loss = -(sum(results[1 - DRAIN_TRADES :]) + lasting)
        drain = math.log1p(max(loss, 0.0) / unit / math.sqrt(DRAIN_TRADES))
        score, usual = memory.drains.look(
            now, drain, everybody.peers, SCALE, self.tuning.threshold, self._days_of(fact)
        )
        middle = math.expm1(usual) * math.sqrt(DRAIN_TRADES)
        # One large loss is no pattern: limits on losses are there for it.
        worst = -min(*results[1 - DRAIN_TRADES :], lasting)
        is_pattern = lasting < 0 and worst < loss / 2
        if not is_pattern or not memory.drains.tops or score < self.tuning.threshold or score < 2 * memory.drain_told:
            return ()
        memory.drain_told = score
        explanation = (
            f"the last {DRAIN_TRADES} trades lost {loss:.8g} in total, {loss / unit:.1f} times the result of a usual "
            f"trade, usual is at most {middle:.1f} times on a day of this account: the strategy may have stopped "
            "working, or its market has changed"
        )
        evidence = {"executionIds": list(memory.last_ids)}
        return (self._found(Subject(fact.account_id), fact.at, score, loss, middle * unit, explanation, evidence),)


def _scan(results: Sequence[float], rate: float) -> tuple[float, int, int]:
    """The most improbable number of losses among the newest trades and one that loses now: surprise, losses, trades.

    That the best of several stretches is taken makes it less surprising.
    """
    best, lost, newest = (0.0, 1, 1), 1, list(results)[-max(SCANNED) :]
    for number in range(2, len(newest) + 2):
        lost += newest[1 - number] < 0
        if number in SCANNED and lost >= LEAST_SCANNED * number:
            best = max(best, (surprise_of(binomial_upper_tail(lost, number, rate)), lost, number))
    return max(best[0] - math.log10(len(SCANNED)), 0.0), best[1], best[2]


def _forget(held: dict[str, Any]) -> None:
    if len(held) > MAX_OPEN:
        del held[next(iter(held))]
