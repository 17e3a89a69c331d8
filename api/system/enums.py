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

strawberry.enum(TriggerKind, description="Kind of a task's schedule.")
strawberry.enum(
    TaskRunState,
    description="QUEUED, RUNNING and RETRYING (it failed, and is tried again) are on the way; the others are final.",
)
strawberry.enum(
    RunCause, name="TaskRunCause", description=("Its scheduled time, a missed time that is caught up, or a request.")
)
strawberry.enum(
    ComponentState, description=("UP: it works. DEGRADED: it works and needs attention. DOWN: it does not work.")
)
strawberry.enum(
    NotificationTopic,
    description=(
        "Topic of messages. RISK_EVENT: broken rules, halts and similar events; events of anomalies have the "
        "topic ANOMALY. ORDER_FILLED: each fill. TASK_FAILED: a finally failed run; for RISK_MANAGER and "
        "ADMIN. SYSTEM_HEALTH: a problem of a part of the platform, and its end. DAILY_STATEMENT: the result "
        "of a day of an account."
    ),
)
strawberry.enum(NotificationLanguage, description="EN: English. ZH: Chinese.")
