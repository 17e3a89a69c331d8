"""One-time codes at sign-in, and recovery codes."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0038_series_cursors")]

    operations = [
        ops.AddField("User", "totp_sealed", fields.CharField(null=True, max_length=255)),
        ops.AddField("User", "totp_confirmed_at", fields.DatetimeField(null=True)),
        ops.AddField("User", "totp_last_step", fields.BigIntField(null=True)),
        ops.AddField("User", "recovery_hashes", fields.TextField(null=True)),
    ]
