"""Base classes of all detectors."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, ClassVar, Generic, Self, TypeVar, cast

from domain.anomalies.baselines import MAX_SUBJECTS, Baseline, Subjects
from domain.anomalies.detectors.usual import SessionHours
from domain.anomalies.facts import Executed, Fact
from domain.anomalies.habits import Habit, Peers
from domain.anomalies.intake import Intake
from domain.anomalies.rhythms import WEEKDAYS, TradingDays
from domain.anomalies.types import AnomalyKind, Finding, Subject, Tuning

Learnt = Baseline | Habit | Peers | SessionHours
# The subject of what all have in common.
ALL = "*"


@dataclass(slots=True)
class Memory:
    """The memory of one subject: numbers, texts, lists, queues, dictionaries of them, and learnt statistics.

    All fields have defaults. A state of another version of the class, with other fields, is dropped and learnt again.
    """

    def state(self) -> dict[str, Any]:
        """The state, as JSON."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The memory of a ``state``."""
        memory = cls()
        if {field.name for field in fields(cls)} != set(state):
            return memory
        for field in fields(cls):
            value, empty = state[field.name], getattr(memory, field.name)
            if isinstance(empty, Learnt):
                value = type(empty).from_state(value)
            elif isinstance(empty, deque):
                value = deque(value, maxlen=empty.maxlen)
            setattr(memory, field.name, value)
        return memory


def _plain(value: object) -> object:
    if isinstance(value, Learnt):
        return value.state()
    return list(value) if isinstance(value, deque) else value


FactType = TypeVar("FactType", bound=Fact)
MemoryType = TypeVar("MemoryType", bound=Memory)


class Detector(ABC, Generic[FactType, MemoryType]):
    """Learns from facts and reports findings. It has no clock: time is that of the facts, which come in order.

    A fact is judged by the normal range before it, then learnt. A finding is not repeated while its cause lasts.
    """

    kind: ClassVar[AnomalyKind]
    description: ClassVar[str]
    # The types of facts that ``observe`` understands.
    reads: ClassVar[tuple[type, ...]]
    # How many values of a subject must be known before anything is said of it, unless it is set otherwise.
    warmup: ClassVar[int]
    # What is remembered of each subject: the class's MemoryType.
    memory: ClassVar[type[Memory]]
    max_subjects: ClassVar[int] = MAX_SUBJECTS

    def __init__(self, tuning: Tuning | None = None) -> None:
        self.tuning = tuning or Tuning(warmup=self.warmup)
        self.intake = Intake()
        # The trading days of symbols; weekdays of a symbol that is not there.
        self.trading_days: Mapping[str, TradingDays] = {}
        self._owners: dict[str, str] = {}
        self._subjects: Subjects[MemoryType] = Subjects(cast(type[MemoryType], self.memory), self.max_subjects)

    @abstractmethod
    def subjects_of(self, fact: FactType) -> tuple[str, ...]:
        """The keys of the subjects whose memory ``observe`` uses for a fact, the main one first.

        The caller loads these memories before, and stores them after.
        """

    def observe(self, fact: FactType) -> Sequence[Finding]:
        """The findings of a fact, usually none. A fact that ``intake`` refuses gives none and is counted."""
        return self._observe(fact) if self.intake.admits(fact) else ()

    @abstractmethod
    def _observe(self, fact: FactType) -> Sequence[Finding]:
        """See ``observe``."""

    def _owner_of(self, fact: Any) -> str:
        """The owner of a fact's account: as the fact or its earlier fills give it, else the account itself."""
        owner: str | None = fact.owner_id
        if owner is None:
            account_id: str = fact.account_id
            return self._owners.get(account_id, account_id)
        if isinstance(fact, Executed):
            self._owners[fact.account_id] = owner
        return owner

    def _days_of(self, fact: Any) -> TradingDays:
        """The trading days of a fact's symbol."""
        return self.trading_days.get(fact.symbol, WEEKDAYS)

    def state(self, keys: Collection[str] | None = None) -> dict[str, dict[str, Any]]:
        """The memories of all or of some subjects, as JSON by their keys."""
        return {key: memory.state() for key, memory in self._subjects.items() if keys is None or key in keys}

    def restore(self, state: Mapping[str, Mapping[str, Any]]) -> None:
        """Restore memories of subjects."""
        for key, memory in state.items():
            self._subjects.restore(key, cast(MemoryType, self.memory.from_state(memory)))

    def _memory_of(self, fact: FactType) -> MemoryType:
        return self._subjects[self.subjects_of(fact)[0]]

    def _found(
        self,
        subject: Subject,
        at: datetime,
        score: float,
        observed: float,
        expected: float | None,
        explanation: str,
        evidence: Mapping[str, Any],
    ) -> Finding:
        return Finding(
            self.kind, subject, at, score, self.tuning.threshold, observed, expected, explanation, dict(evidence)
        )
