"""Scheduled tasks and their runs."""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from domain.kernel.ids import new_id
from domain.system.types import RunCause, TaskRunState


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0007_venues")]

    operations = [
        ops.CreateModel(
            name="ScheduledTask",
            fields=[
                ("name", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=50)),
                ("enabled", fields.BooleanField(default=True)),
                ("interval_seconds", fields.IntField(null=True)),
                ("cron", fields.CharField(null=True, max_length=100)),
                ("timezone", fields.CharField(null=True, max_length=64)),
                ("timeout_seconds", fields.IntField(null=True)),
                ("max_retries", fields.IntField(null=True)),
                ("version", fields.IntField(default=0)),
                ("schedule", fields.CharField(max_length=200)),
                ("next_run_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={"table": "scheduled_tasks", "app": "tradegraph", "pk_attr": "name"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="TaskRun",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("task", fields.CharField(max_length=50)),
                ("state", fields.CharEnumField(enum_type=TaskRunState, max_length=10)),
                ("cause", fields.CharEnumField(enum_type=RunCause, max_length=10)),
                ("attempt", fields.IntField(default=1)),
                ("failures", fields.IntField(default=0)),
                ("losses", fields.IntField(default=0)),
                ("due_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("ready_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("started_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("finished_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("worker", fields.CharField(null=True, max_length=100)),
                ("epoch", fields.BigIntField(default=0)),
                ("lease_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("progress", fields.TextField(default="{}", unique=False)),
                ("result", fields.TextField(null=True, unique=False)),
                ("error", fields.TextField(null=True, unique=False)),
                ("requested_by", fields.CharField(null=True, max_length=254)),
                ("version", fields.IntField(default=1)),
                ("changed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "task_runs",
                "app": "tradegraph",
                "indexes": [
                    Index(fields=["task", "id"], name="task_runs_task"),
                    Index(fields=["changed_at"], name="task_runs_changed"),
                ],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.AddConstraint(
            "ScheduledTask",
            CheckConstraint(
                check="num_nonnulls(interval_seconds, cron) <= 1 AND (cron IS NULL) = (timezone IS NULL)",
                name="scheduled_tasks_one_trigger",
            ),
        ),
        ops.AddConstraint(
            "ScheduledTask",
            CheckConstraint(
                check="interval_seconds > 0 AND timeout_seconds > 0 AND max_retries >= 0",
                name="scheduled_tasks_bounds",
            ),
        ),
        ops.AddConstraint(
            "ScheduledTask",
            CheckConstraint(check="enabled = (next_run_at IS NOT NULL)", name="scheduled_tasks_due_while_enabled"),
        ),
        ops.AddConstraint(
            "TaskRun",
            UniqueConstraint(
                fields=("task",), name="task_runs_one_at_once", condition="state IN ('QUEUED', 'RUNNING', 'RETRYING')"
            ),
        ),
        ops.AddConstraint(
            "TaskRun",
            CheckConstraint(
                check="(state = 'RUNNING') = (lease_until IS NOT NULL)", name="task_runs_leased_while_running"
            ),
        ),
        ops.AddConstraint(
            "TaskRun",
            CheckConstraint(
                check="(state IN ('QUEUED', 'RUNNING')) = (finished_at IS NULL)", name="task_runs_finished_when_over"
            ),
        ),
    ]
