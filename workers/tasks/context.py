"""What a task's function is given, and what it may answer.

A function does what is due by ``due``, in transactions of its own. It can be stopped between and within any of them, at
its time limit too, and is then called again: whatever it does may be repeated. Inside of it every transaction is
fenced: once another worker has taken the task over, none of this one's commits.

A task that has more to do than fits its time limit works in slices: it answers ``Unfinished`` with how far it came and
is called again with that as ``progress``, in this process or, when this one dies, in another.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from adapters.wiring import Services
from domain.system.types import Json, Result


@dataclass(frozen=True, slots=True)
class TaskContext:
    """One slice of a run. ``progress`` is empty in the first."""

    services: Services
    due: datetime
    attempt: int = 1
    progress: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """There is more to do: call again with this progress. It is stored, so keep it small."""

    progress: Mapping[str, Json]


class TaskFailure(Exception):
    """The task did its work and found what nobody but a person can mend: the run fails, and is not tried again.

    ``message`` is for its operators; ``result`` is stored as that of any other run.
    """

    def __init__(self, message: str, result: Result) -> None:
        super().__init__(message)
        self.message = message
        self.result = result


TaskFunction: TypeAlias = Callable[[TaskContext], Awaitable[Result | Unfinished]]
