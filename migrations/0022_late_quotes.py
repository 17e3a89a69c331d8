"""From when a stored quote's age counts, who said it, and the newest times that each source has told."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0021_versions_of_orders")]

    operations = [
        ops.RenameField("Quote", "received_at", "counts_from"),
        ops.AddField("Quote", "source", fields.CharField(max_length=60, default="", db_default="")),
        ops.AddField("Quote", "clocks", fields.TextField(default="{}", db_default="{}")),
    ]
