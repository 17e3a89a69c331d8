"""What venues call an instrument, where that does not follow from its symbol."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0009_days")]

    operations = [
        ops.AddField("Instrument", "venue_symbol", fields.CharField(max_length=40, null=True)),
    ]
