"""The context of a task's function, and its possible answers.

A function does all work that is due by ``due``, in transactions of its own. It can be stopped between and within any of
them, also at its time limit, and is then called again: everything it does may be repeated. Inside it every transaction
is fenced: once another worker has taken over the task, none of this one's commits.

A task with more work than fits its time limit works in slices: it answers ``Unfinished`` with its progress and is
called again with that as ``progress``, in this process or, after a crash, in another.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from adapters.wiring import ProcessServices
from domain.system.types import Json, Result


@dataclass(frozen=True, slots=True)
class TaskContext:
    """One slice of a run. ``progress`` is empty in the first."""

    services: ProcessServices
    due: datetime
    attempt: int = 1
    progress: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """The task has more work: it is called again with this progress. It is stored, so keep it small."""

    progress: Mapping[str, Json]


class TaskFailure(Exception):
    """The task finished and found a fault that only a person can repair: the run fails, and is not tried again.

    ``message`` is for its operators; ``result`` is stored as that of any other run.
    """

    def __init__(self, message: str, result: Result) -> None:
        super().__init__(message)
        self.message = message
        self.result = result


TaskFunction: TypeAlias = Callable[[TaskContext], Awaitable[Result | Unfinished]]
