"""FIX sessions: their numbers, what they sent, requests by ClOrdID, and what venues reported."""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from domain.kernel.ids import new_id


def _options(table, **others):
    return {"table": table, "app": "tradegraph", "pk_attr": "id", **others}


def _id():
    return ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True))


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0046_months")]

    operations = [
        ops.CreateModel(
            name="FixSession",
            fields=[
                _id(),
                ("name", fields.CharField(max_length=80)),
                ("comp_id", fields.CharField(max_length=64)),
                ("epoch", fields.IntField(default=0)),
                ("next_in", fields.IntField(default=1)),
                ("next_out", fields.IntField(default=1)),
                ("cursors", fields.TextField()),
                ("created_at", fields.DatetimeField()),
                ("logged_on_at", fields.DatetimeField(null=True)),
            ],
            options=_options("fix_sessions"),
            bases=["Model"],
        ),
        ops.CreateModel(
            name="FixMessage",
            fields=[
                _id(),
                ("session_id", fields.UUIDField()),
                ("number", fields.IntField()),
                ("kind", fields.CharField(max_length=2)),
                ("body", fields.TextField()),
                ("sent_at", fields.DatetimeField()),
            ],
            options=_options("fix_messages"),
            bases=["Model"],
        ),
        ops.CreateModel(
            name="FixRequest",
            fields=[
                _id(),
                ("session_id", fields.UUIDField()),
                ("client_order_id", fields.CharField(max_length=64)),
                ("original_id", fields.CharField(max_length=64)),
                ("kind", fields.CharField(max_length=1)),
                ("order_id", fields.UUIDField()),
                ("version", fields.IntField(null=True)),
                ("refused", fields.BooleanField(default=False)),
                ("created_at", fields.DatetimeField()),
            ],
            options=_options(
                "fix_requests", indexes=[Index(fields=("session_id", "order_id"), name="fix_requests_order")]
            ),
            bases=["Model"],
        ),
        ops.CreateModel(
            name="FixReport",
            fields=[
                _id(),
                ("session_id", fields.UUIDField()),
                ("execution_id", fields.CharField(max_length=200)),
                ("body", fields.TextField()),
                ("at", fields.DatetimeField()),
            ],
            options=_options("fix_reports", indexes=[Index(fields=("session_id", "at"), name="fix_reports_at")]),
            bases=["Model"],
        ),
    ]
