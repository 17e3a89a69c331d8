"""Funding at an exchange's own hours, and up to which hour each account has it. What is there pays once a day, as before."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0027_costs")]

    operations = [
        ops.AddField("Instrument", "funding_hours", fields.CharField(max_length=80, default="", db_default="")),
        ops.AddField("Instrument", "funding_since", fields.DatetimeField(null=True)),
        ops.RunSQL(
            "CREATE TABLE funding_marks (account_id uuid PRIMARY KEY, funded_until timestamptz NOT NULL)",
            "DROP TABLE funding_marks",
        ),
    ]
