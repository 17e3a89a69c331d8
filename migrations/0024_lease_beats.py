"""How far the holders of roles have come, which they tell once a second."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0023_self_trades")]

    operations = [
        ops.CreateModel(
            name="LeaseBeat",
            fields=[
                ("role", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=60)),
                ("epoch", fields.BigIntField()),
                ("holder", fields.CharField(max_length=60)),
                ("loops", fields.BigIntField()),
                ("last_tick", fields.CharField(null=True, max_length=60)),
                ("last_command", fields.BigIntField(null=True)),
                ("silence_seconds", fields.IntField()),
                ("beat_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={"table": "lease_beats", "app": "tradegraph", "pk_attr": "role"},
            bases=["Model"],
        ),
    ]
