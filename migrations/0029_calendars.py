"""Calendars that people have made."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0028_funding_hours")]

    operations = [
        ops.CreateModel(
            name="Calendar",
            fields=[
                ("code", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=20)),
                ("rule", fields.TextField()),
                ("created_by", fields.CharField(max_length=254)),
                ("created_at", fields.DatetimeField()),
            ],
            options={"table": "calendars", "app": "tradegraph", "pk_attr": "code"},
            bases=["Model"],
        ),
    ]
