"""How far a role has come in the stream that it reads."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0004_order_lifecycle")]

    operations = [
        ops.AddField("Lease", "position", fields.CharField(null=True, max_length=60)),
    ]
