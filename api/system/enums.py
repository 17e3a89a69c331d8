"""The enums of the area, registered once with the words that the schema shows."""

import strawberry

from domain.system.health import ComponentState
from domain.system.notifications.types import NotificationLanguage, NotificationTopic
from domain.system.types import RunCause, TaskRunState, TriggerKind

__all__ = [
    "ComponentState",
    "NotificationLanguage",
    "NotificationTopic",
    "RunCause",
    "TaskRunState",
    "TriggerKind",
]

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
strawberry.enum(
    NotificationTopic,
    description="What a channel can be told of. RISK_EVENT: rules broken, halts and the like; what anomalies raise is "
    "told as ANOMALY. ORDER_FILLED: each fill. TASK_FAILED: a run that is not tried again; for RISK_MANAGER and "
    "ADMIN. SYSTEM_HEALTH: a part of the platform in trouble, and its end. "
    "DAILY_STATEMENT: what a day did to an account.",
)
strawberry.enum(NotificationLanguage, description="EN: English. ZH: Chinese.")
