"""The enums of the area, registered once with the words that the schema shows."""

import strawberry

from domain.system.health import ComponentState
from domain.system.types import RunCause, TaskRunState, TriggerKind

__all__ = ["ComponentState", "RunCause", "TaskRunState", "TriggerKind"]

strawberry.enum(TriggerKind, description="How the times are found at which a task is due.")
strawberry.enum(
    TaskRunState,
    description="QUEUED, RUNNING and RETRYING (it failed, and is tried again) are on the way; the others are final.",
)
strawberry.enum(
    RunCause, name="TaskRunCause", description="Its time, a time that was missed and is made up for, or a request."
)
strawberry.enum(
    ComponentState, description="UP: it works. DEGRADED: it works, and somebody ought to look. DOWN: it does not work."
)
