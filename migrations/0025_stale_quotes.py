"""Whether a stored quote was stale when it came."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0024_lease_beats")]

    operations = [
        ops.AddField("Quote", "came_stale", fields.BooleanField(default=False, db_default=False)),
    ]
