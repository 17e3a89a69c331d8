"""What people's pages look like."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0015_anomalies")]

    operations = [
        ops.CreateModel(
            name="UserPreferences",
            fields=[
                (
                    "user",
                    fields.OneToOneField(
                        "tradegraph.User",
                        source_field="user_id",
                        primary_key=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="preferences",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("content", fields.TextField(unique=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={"table": "user_preferences", "app": "tradegraph", "pk_attr": "user_id"},
            bases=["Model"],
        ),
    ]
