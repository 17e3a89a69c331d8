"""Bus messages about runs: each change, as a hint that carries the whole run, and the news that a run is ready."""

from datetime import datetime
from uuid import UUID

import orjson

from domain.kernel.unit_of_work import UnitOfWork
from domain.system.types import RunCause, TaskRun, TaskRunState

# Runs as they change.
RUNS = "tasks:runs"
# For workers: look now instead of at the next tick.
WAKE = "tasks:wake"


def tell(work: UnitOfWork, run: TaskRun) -> None:
    """Publish a new or changed run after the commit; a waiting run is also published to workers."""
    # The driver's identifiers are of a kind of their own.
    work.publish(RUNS, orjson.dumps(run, default=str))
    if run.state in (TaskRunState.QUEUED, TaskRunState.RETRYING):
        work.publish(WAKE, b"")


def decode_run(payload: bytes) -> TaskRun:
    """The run of a message."""
    told = orjson.loads(payload)
    for name in ("due_at", "started_at", "finished_at", "changed_at"):
        if told[name] is not None:
            told[name] = datetime.fromisoformat(told[name])
    return TaskRun(
        **told | {"id": UUID(told["id"]), "state": TaskRunState(told["state"]), "cause": RunCause(told["cause"])}
    )
