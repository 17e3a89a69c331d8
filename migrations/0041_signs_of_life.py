"""Signs of life of workers, and what the holder of a role complains of."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0040_case_shares")]

    operations = [
        ops.AddField("LeaseBeat", "trouble", fields.CharField(null=True, max_length=300)),
        ops.CreateModel(
            name="WorkerBeat",
            fields=[
                ("name", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=100)),
                ("session", fields.CharField(max_length=60)),
                ("trouble", fields.CharField(null=True, max_length=300)),
                ("beat_at", fields.DatetimeField()),
            ],
            options={"table": "worker_beats", "app": "tradegraph", "pk_attr": "name"},
            bases=["Model"],
        ),
    ]
