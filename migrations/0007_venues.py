"""Real venues: what was asked of them and is not answered yet, and where their books and ours differ."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import UniqueConstraint

from domain.kernel.ids import new_id
from domain.orders.venues.remote_order import Cause
from domain.orders.venues.types import RequestKind


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0006_carry")]

    operations = [
        ops.CreateModel(
            name="VenueRequest",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("venue", fields.CharField(max_length=40)),
                ("kind", fields.CharEnumField(enum_type=RequestKind, max_length=7)),
                (
                    "order",
                    fields.ForeignKeyField(
                        "tradegraph.Order",
                        source_field="order_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="venue_requests",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("account_id", fields.UUIDField()),
                ("group_ids", fields.TextField(null=True, unique=False)),
                ("cause", fields.CharEnumField(null=True, enum_type=Cause, max_length=11)),
                ("attempts", fields.IntField(default=0)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("sent_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={"table": "venue_requests", "app": "tradegraph", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="VenueDifference",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("venue", fields.CharField(max_length=40)),
                ("kind", fields.CharField(max_length=20)),
                ("subject", fields.CharField(max_length=200)),
                ("ours", fields.CharField(max_length=500)),
                ("theirs", fields.CharField(max_length=500)),
                ("first_seen_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("last_seen_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("cleared_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={"table": "venue_differences", "app": "tradegraph", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.AddConstraint(
            "VenueDifference",
            UniqueConstraint(
                fields=("venue", "kind", "subject"), name="venue_differences_open", condition="cleared_at IS NULL"
            ),
        ),
        ops.RunSQL(
            "CREATE INDEX venue_requests_venue ON venue_requests (venue, id)", "DROP INDEX venue_requests_venue"
        ),
    ]
