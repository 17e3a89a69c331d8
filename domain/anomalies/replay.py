"""Replay of a detector: its findings in the past with other settings, before they are changed. Nothing is stored.

A detector without memory reads the events of a span before the range to learn, then those of the range, once with the
settings in force and once with the others. It runs in a thread, between reads, one replay at a time in a process.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from domain.access.types import Actor, require_role
from domain.accounts.queries import require_account
from domain.anomalies.detectors.base import Detector
from domain.anomalies.detectors.catalogue import DETECTORS
from domain.anomalies.facts import Executed, Fact, MoneyMoved, OrderChanged, OrderEnded, OrderPlaced
from domain.anomalies.queries import read_calendars_of_all
from domain.anomalies.reading import StoredEvent, facts_of, kinds_of
from domain.anomalies.replay_queries import stream_events
from domain.anomalies.service import OWNERS, check_setting, read_detectors
from domain.anomalies.trading_days import trading_days_of
from domain.anomalies.types import AnomalyKind, Finding, Tuning
from domain.kernel.errors import BadInput, RateLimited
from domain.kernel.time import utc_now
from domain.market.calendar_store import read_calendars
from domain.risk.types import Severity

MAX_RANGE, MAX_LEARNING = timedelta(days=31), timedelta(days=60)
DEFAULT_LEARNING_DAYS = 28
MAX_EVENTS, MAX_FINDINGS = 200_000, 500
MAX_SECONDS = 25.0
# What is kept as events; samples, prices and proofs are not.
_KEPT = frozenset({OrderPlaced, OrderChanged, OrderEnded, Executed, MoneyMoved})
_SEVERITIES = list(Severity)
_busy = asyncio.Lock()


@dataclass(frozen=True, slots=True)
class ReplayDetector:
    """The command to replay: findings at ``since`` <= time < ``until``, after ``learning_days`` without reports.

    A setting of None keeps the one in force. ``account_id`` reads one account's events alone, which is quicker; a
    detector that compares peers then has none.
    """

    kind: AnomalyKind
    since: datetime
    until: datetime
    sensitivity: float | None = None
    warmup: int | None = None
    account_id: UUID | None = None
    learning_days: int = DEFAULT_LEARNING_DAYS


@dataclass(frozen=True, slots=True)
class ReplayedFinding:
    """A finding with the other settings; it says whether the settings in force give it, too."""

    finding: Finding
    is_found_now: bool


@dataclass(frozen=True, slots=True)
class Replay:
    """The result of a replay. ``findings`` are the first 500 of ``count``; ``count_now`` is with the settings in force.

    Where ``is_complete`` is false, the bound of events or of time was met, and nothing after ``reached_at`` was read.
    """

    kind: AnomalyKind
    since: datetime
    until: datetime
    sensitivity: float
    warmup: int
    threshold: float
    events: int
    is_complete: bool
    reached_at: datetime
    count: int
    count_now: int
    findings: tuple[ReplayedFinding, ...]


async def replay_detector(actor: Actor, command: ReplayDetector) -> Replay:
    """See the module. Reads at most 200,000 events, for at most 25 seconds.

    Raises:
        Forbidden: neither RISK_MANAGER nor ADMIN.
        BadInput: names the field that is out of its range, or the kind whose facts are not kept.
        NotFound: there is no such account.
        RateLimited: another replay runs in this process.
    """
    require_role(actor, *OWNERS)
    _check(command)
    if command.account_id is not None:
        await require_account(actor, command.account_id)
    (now,) = [setting for setting in await read_detectors() if setting.kind is command.kind]
    proposed = check_setting(now, command.sensitivity, command.warmup)
    if _busy.locked():
        raise RateLimited("Another replay is running: try again when it has ended.", retryAfterSeconds=int(MAX_SECONDS))
    async with _busy:
        trials = [
            _Trial(DETECTORS[command.kind](Tuning(one.sensitivity, one.warmup)), command.since)
            for one in (proposed, now)
        ]
        trading_days = await trading_days_of(await read_calendars_of_all(), await read_calendars())
        for trial in trials:
            trial.detector.trading_days = trading_days
        events, reached, is_complete = await _run(command, trials)
    wanted, present = trials
    told_now = wanted.told.keys() & present.told.keys()
    found = [ReplayedFinding(finding, finding.fingerprint in told_now) for finding in wanted.found[:MAX_FINDINGS]]
    return Replay(
        kind=command.kind,
        since=command.since,
        until=command.until,
        sensitivity=proposed.sensitivity,
        warmup=proposed.warmup,
        threshold=wanted.detector.tuning.threshold,
        events=events,
        is_complete=is_complete,
        reached_at=reached,
        count=len(wanted.found),
        count_now=len(present.found),
        findings=tuple(found),
    )


def _check(command: ReplayDetector) -> None:
    if command.until <= command.since:
        raise BadInput("The end is before the start.", field="to")
    if command.until - command.since > MAX_RANGE:
        raise BadInput(f"At most {MAX_RANGE.days} days are replayed at once.", field="to")
    if command.since > utc_now():
        raise BadInput("The time is in the future.", field="from")
    if not 0 <= command.learning_days <= MAX_LEARNING.days:
        raise BadInput(f"A detector learns from 0 to {MAX_LEARNING.days} days before.", field="learningDays")
    if _KEPT.isdisjoint(DETECTORS[command.kind].reads):
        raise BadInput("This detector cannot be replayed: its samples or prices are not stored.", field="kind")


@dataclass(slots=True)
class _Trial:
    """One detector and its findings from a time on: one per fingerprint unless it gets more severe."""

    detector: Detector[Any, Any]
    since: datetime
    told: dict[str, int] = field(default_factory=dict)
    found: list[Finding] = field(default_factory=list)

    def read(self, fact: Fact) -> None:
        if isinstance(fact, self.detector.reads):
            self._tell(self.detector.observe(fact))

    def _tell(self, findings: Sequence[Finding]) -> None:
        for finding in findings:
            rank = _SEVERITIES.index(finding.severity)
            if finding.at >= self.since and rank > self.told.get(finding.fingerprint, -1):
                self.told[finding.fingerprint] = rank
                self.found.append(finding)


async def _run(command: ReplayDetector, trials: Sequence[_Trial]) -> tuple[int, datetime, bool]:
    """The number of events read, the time of the last, and whether those were all."""
    begins = command.since - timedelta(days=command.learning_days)
    deadline = time.monotonic() + MAX_SECONDS
    count, reached = 0, begins
    kinds = kinds_of(DETECTORS[command.kind].reads)
    async with aclosing(stream_events(command.account_id, begins, command.until, kinds, MAX_EVENTS + 1)) as stream:
        while True:
            try:
                async with asyncio.timeout(max(deadline - time.monotonic(), 0)):
                    run = await anext(stream, None)
            except TimeoutError:
                return count, reached, False
            if run is None:
                return count, command.until, True
            events = run[: MAX_EVENTS - count]
            await asyncio.to_thread(_read, trials, events)
            count += len(events)
            if len(events) < len(run):
                return count, reached, False
            reached = events[-1].event.at


def _read(trials: Sequence[_Trial], events: Sequence[StoredEvent]) -> None:
    for stored in events:
        for fact in facts_of(stored):
            for trial in trials:
                trial.read(fact)
