"""Channels of notifications, how far their sources were read, and what is on its way."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from domain.kernel.ids import new_id
from domain.risk.types import Severity
from domain.system.notifications.types import DeliveryState, NotificationLanguage


def _options(table, pk_attr, **others):
    return {"table": table, "app": "tradegraph", "pk_attr": pk_attr, **others}


def _id():
    return ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True))


def _to(model, column, **others):
    return fields.ForeignKeyField(model, source_field=column, db_constraint=True, to_field="id", **others)


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0033_models_of_days")]

    operations = [
        ops.CreateModel(
            name="NotificationChannel",
            fields=[
                _id(),
                (
                    "owner",
                    _to(
                        "tradegraph.User",
                        "owner_id",
                        null=True,
                        related_name="notification_channels",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("name", fields.CharField(max_length=100)),
                ("sealed_url", fields.TextField()),
                ("shown_url", fields.CharField(max_length=300)),
                ("topics", fields.TextField()),
                ("min_severity", fields.CharEnumField(enum_type=Severity, max_length=8)),
                ("account_ids", fields.TextField(null=True)),
                ("language", fields.CharEnumField(enum_type=NotificationLanguage, max_length=2)),
                ("quiet_from", fields.CharField(max_length=5, null=True)),
                ("quiet_to", fields.CharField(max_length=5, null=True)),
                ("timezone", fields.CharField(max_length=64)),
                ("escalate_after_minutes", fields.IntField(null=True)),
                ("enabled", fields.BooleanField()),
                ("since", fields.DatetimeField()),
                ("last_error", fields.CharField(max_length=500, null=True)),
                ("last_sent_at", fields.DatetimeField(null=True)),
                ("not_before", fields.DatetimeField(null=True)),
                ("failures", fields.IntField(default=0)),
                ("left_out", fields.IntField(default=0)),
                ("tried_at", fields.DatetimeField(null=True)),
                ("claim", fields.UUIDField(null=True)),
                ("claimed_until", fields.DatetimeField(null=True)),
                ("created_by", fields.CharField(max_length=254)),
                ("version", fields.IntField(default=1)),
                ("updated_at", fields.DatetimeField()),
            ],
            options=_options("notification_channels", "id"),
            bases=["Model"],
        ),
        ops.CreateModel(
            name="NotificationCursor",
            fields=[
                ("source", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=60)),
                ("position", fields.BigIntField(default=0)),
                ("reached_at", fields.DatetimeField(null=True)),
                ("state", fields.TextField(null=True)),
            ],
            options=_options("notification_cursors", "source"),
            bases=["Model"],
        ),
        ops.CreateModel(
            name="NotificationDelivery",
            fields=[
                _id(),
                (
                    "channel",
                    _to(
                        "tradegraph.NotificationChannel",
                        "channel_id",
                        related_name="deliveries",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("key", fields.CharField(max_length=150)),
                (
                    "state",
                    fields.CharEnumField(enum_type=DeliveryState, max_length=8, default=DeliveryState.PENDING),
                ),
                ("urgent", fields.BooleanField()),
                ("notice", fields.TextField()),
                ("message_id", fields.UUIDField(null=True)),
                ("created_at", fields.DatetimeField()),
                ("ended_at", fields.DatetimeField(null=True)),
            ],
            options=_options(
                "notification_deliveries",
                "id",
                indexes=[Index(fields=["state", "channel_id", "id"], name="notification_deliveries_open")],
            ),
            bases=["Model"],
        ),
    ]
