"""How far time series were exported."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0037_order_groups")]

    operations = [
        ops.CreateModel(
            name="SeriesCursor",
            fields=[
                ("source", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=80)),
                ("reached_at", fields.DatetimeField()),
            ],
            options={"table": "series_cursors", "app": "tradegraph", "pk_attr": "source"},
            bases=["Model"],
        ),
    ]
