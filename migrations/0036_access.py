"""Where a session is used from, and the limits of API keys; of sessions that there are nobody knows, keys have none."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0035_notification_bounds")]

    operations = [
        ops.AddField("Session", "used_at", fields.DatetimeField(null=True)),
        ops.AddField("Session", "address", fields.CharField(null=True, max_length=64)),
        ops.AddField("Session", "device", fields.CharField(null=True, max_length=200)),
        ops.AddField("ApiKey", "scopes", fields.TextField(null=True)),
        ops.AddField("ApiKey", "account_ids", fields.TextField(null=True)),
        ops.AddField("ApiKey", "addresses", fields.TextField(null=True)),
    ]
