"""Tables of scheduled tasks."""

from tortoise import Model, fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from domain.kernel.ids import new_id
from domain.system.types import RunCause, TaskRunState


class ScheduledTask(Model):
    """The operators' changes of a task, and its next due time. Its row is locked to make a run of it.

    ``schedule`` is the trigger from which ``next_run_at`` was computed: a release that changes the trigger computes it
    again.
    """

    name = fields.CharField(max_length=50, primary_key=True)
    enabled = fields.BooleanField(default=True)
    interval_seconds = fields.IntField(null=True)
    cron = fields.CharField(max_length=100, null=True)
    timezone = fields.CharField(max_length=64, null=True)
    timeout_seconds = fields.IntField(null=True)
    max_retries = fields.IntField(null=True)
    version = fields.IntField(default=0)
    schedule = fields.CharField(max_length=200)
    next_run_at = fields.DatetimeField(null=True)
    updated_at = fields.DatetimeField()

    class Meta:
        table = "scheduled_tasks"
        constraints = [
            CheckConstraint(
                check="num_nonnulls(interval_seconds, cron) <= 1 AND (cron IS NULL) = (timezone IS NULL)",
                name="scheduled_tasks_one_trigger",
            ),
            CheckConstraint(
                check="interval_seconds > 0 AND timeout_seconds > 0 AND max_retries >= 0",
                name="scheduled_tasks_bounds",
            ),
            CheckConstraint(check="enabled = (next_run_at IS NOT NULL)", name="scheduled_tasks_due_while_enabled"),
        ]


class TaskRun(Model):
    """One run of a task. While it runs, ``epoch`` and ``lease_until`` identify its holder and the end of its lease.

    ``failures`` counts attempts that failed or timed out, ``losses`` those whose worker died. ``version`` and
    ``changed_at`` change with published changes, not with the lease.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    task = fields.CharField(max_length=50)
    state = fields.CharEnumField(TaskRunState, max_length=10)
    cause = fields.CharEnumField(RunCause, max_length=10)
    attempt = fields.IntField(default=1)
    failures = fields.IntField(default=0)
    losses = fields.IntField(default=0)
    due_at = fields.DatetimeField()
    ready_at = fields.DatetimeField()
    started_at = fields.DatetimeField(null=True)
    finished_at = fields.DatetimeField(null=True)
    worker = fields.CharField(max_length=100, null=True)
    epoch = fields.BigIntField(default=0)
    lease_until = fields.DatetimeField(null=True)
    progress = fields.TextField(default="{}")
    result = fields.TextField(null=True)
    error = fields.TextField(null=True)
    requested_by = fields.CharField(max_length=254, null=True)
    version = fields.IntField(default=1)
    changed_at = fields.DatetimeField()

    class Meta:
        table = "task_runs"
        indexes = [
            Index(fields=("task", "id"), name="task_runs_task"),
            Index(fields=("changed_at",), name="task_runs_changed"),
        ]
        constraints = [
            UniqueConstraint(
                fields=("task",),
                name="task_runs_one_at_once",
                condition="state IN ('QUEUED', 'RUNNING', 'RETRYING')",
            ),
            CheckConstraint(
                check="(state = 'RUNNING') = (lease_until IS NOT NULL)", name="task_runs_leased_while_running"
            ),
            CheckConstraint(
                check="(state IN ('QUEUED', 'RUNNING')) = (finished_at IS NULL)", name="task_runs_finished_when_over"
            ),
        ]


class WorkerBeat(Model):
    """The newest sign of life of a worker. ``session`` is the name of its sessions in the database."""

    name = fields.CharField(max_length=100, primary_key=True)
    session = fields.CharField(max_length=60)
    trouble = fields.CharField(max_length=300, null=True)
    beat_at = fields.DatetimeField()

    class Meta:
        table = "worker_beats"
