"""What all detectors have in common."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, ClassVar, Generic, Self, TypeVar, cast

from domain.anomalies.baselines import MAX_SUBJECTS, Baseline, Subjects
from domain.anomalies.facts import Executed, Fact
from domain.anomalies.habits import Habit, Peers
from domain.anomalies.intake import Intake
from domain.anomalies.types import AnomalyKind, Finding, Subject, Tuning

Learnt = Baseline | Habit | Peers
# The subject of what all have in common.
ALL = "*"


@dataclass(slots=True)
class Memory:
    """What is remembered of one subject: numbers, texts, lists, queues, dictionaries of them, and what is learnt.

    All have defaults. A state of another version of the class, with other fields, is left out: it is learnt anew.
    """

    def state(self) -> dict[str, Any]:
        """All of it, as JSON."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The memory that ``state`` was taken of."""
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
    """Learns from facts and tells findings. It knows no clock: time is that of the facts, which come in order.

    A fact is judged by what was normal before it, then learnt. What was told is not told again while it lasts.
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
        self._owners: dict[str, str] = {}
        self._subjects: Subjects[MemoryType] = Subjects(cast(type[MemoryType], self.memory), self.max_subjects)

    @abstractmethod
    def subjects_of(self, fact: FactType) -> tuple[str, ...]:
        """The keys of the subjects whose memory ``observe`` uses for a fact, the main one first.

        Who stores what was learnt reads these before, and writes them after.
        """

    def observe(self, fact: FactType) -> Sequence[Finding]:
        """What a fact shows, most often nothing. What ``intake`` refuses shows nothing and is counted."""
        return self._observe(fact) if self.intake.admits(fact) else ()

    @abstractmethod
    def _observe(self, fact: FactType) -> Sequence[Finding]:
        """See ``observe``."""

    def _owner_of(self, fact: Any) -> str:
        """Who is behind the account of a fact: as it says, else as the account's fills have said, else the account."""
        owner: str | None = fact.owner_id
        if owner is None:
            account_id: str = fact.account_id
            return self._owners.get(account_id, account_id)
        if isinstance(fact, Executed):
            self._owners[fact.account_id] = owner
        return owner

    def state(self, keys: Collection[str] | None = None) -> dict[str, dict[str, Any]]:
        """What was learnt of subjects, as JSON by their keys: of all that are known, or of some."""
        return {key: memory.state() for key, memory in self._subjects.items() if keys is None or key in keys}

    def restore(self, state: Mapping[str, Mapping[str, Any]]) -> None:
        """Take up what was learnt of subjects before."""
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
