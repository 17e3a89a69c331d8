"""What holds of channels and deliveries, and an index of what nobody has acknowledged."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

_UNHANDLED = (
    "CREATE INDEX risk_events_unhandled ON risk_events (created_at) WHERE state = 'OPEN' AND severity = 'CRITICAL'"
)


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0034_notifications")]

    operations = [
        ops.AddConstraint(
            "NotificationChannel",
            UniqueConstraint(fields=("owner_id", "name"), name="notification_channels_name"),
        ),
        ops.AddConstraint(
            "NotificationChannel",
            UniqueConstraint(fields=("name",), name="notification_channels_shared_name", condition="owner_id IS NULL"),
        ),
        ops.AddConstraint(
            "NotificationChannel",
            CheckConstraint(
                check="(quiet_from IS NULL) = (quiet_to IS NULL)", name="notification_channels_quiet_whole"
            ),
        ),
        ops.AddConstraint(
            "NotificationChannel",
            CheckConstraint(
                check="escalate_after_minutes > 0 AND failures >= 0 AND left_out >= 0",
                name="notification_channels_bounds",
            ),
        ),
        ops.AddConstraint(
            "NotificationDelivery",
            UniqueConstraint(fields=("channel_id", "key"), name="notification_deliveries_once"),
        ),
        ops.RunSQL(_UNHANDLED, "DROP INDEX risk_events_unhandled"),
    ]
