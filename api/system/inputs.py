"""Inputs about scheduled tasks."""

import strawberry

from domain.system.rules import TaskChange
from domain.system.service import UpdateTask


@strawberry.input(
    description=(
        "Changes of a task; absent fields stay unchanged. An interval replaces a cron line, and the other "
        "way around. A value equal to the platform's default removes your change."
    )
)
class UpdateScheduledTaskInput:
    """See ``domain.system.rules.TaskChange``."""

    name: str
    enabled: bool | None = None
    interval_seconds: int | None = None
    cron: str | None = None
    timezone: str | None = None
    timeout_seconds: int | None = None
    max_retries: int | None = None
    expected_version: int | None = None

    def to_domain(self) -> UpdateTask:
        """The command."""
        change = TaskChange(
            enabled=self.enabled,
            interval_seconds=self.interval_seconds,
            cron=self.cron,
            timezone=self.timezone,
            timeout_seconds=self.timeout_seconds,
            max_retries=self.max_retries,
        )
        return UpdateTask(self.name, change, self.expected_version)
