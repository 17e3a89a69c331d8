"""Tables of notifications."""

from tortoise import Model, fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from domain.kernel.ids import new_id
from domain.risk.types import Severity
from domain.system.notifications.types import DeliveryState, NotificationLanguage


class NotificationChannel(Model):
    """The address and choice of messages. ``url`` is encrypted; topics and accounts are lists in JSON.

    While ``claimed_until`` is ahead, only the holder of ``claim`` sends.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    owner = fields.ForeignKeyField(
        "tradegraph.User", related_name="notification_channels", null=True, on_delete=fields.RESTRICT
    )
    name = fields.CharField(max_length=100)
    sealed_url = fields.TextField()
    shown_url = fields.CharField(max_length=300)
    topics = fields.TextField()
    min_severity = fields.CharEnumField(Severity, max_length=8)
    account_ids = fields.TextField(null=True)
    language = fields.CharEnumField(NotificationLanguage, max_length=2)
    quiet_from = fields.CharField(max_length=5, null=True)
    quiet_to = fields.CharField(max_length=5, null=True)
    timezone = fields.CharField(max_length=64)
    escalate_after_minutes = fields.IntField(null=True)
    enabled = fields.BooleanField()
    since = fields.DatetimeField()
    last_error = fields.CharField(max_length=500, null=True)
    last_sent_at = fields.DatetimeField(null=True)
    not_before = fields.DatetimeField(null=True)
    failures = fields.IntField(default=0)
    left_out = fields.IntField(default=0)
    tried_at = fields.DatetimeField(null=True)
    claim = fields.UUIDField(null=True)
    claimed_until = fields.DatetimeField(null=True)
    created_by = fields.CharField(max_length=254)
    version = fields.IntField(default=1)
    updated_at = fields.DatetimeField()

    class Meta:
        table = "notification_channels"
        constraints = [
            UniqueConstraint(fields=("owner_id", "name"), name="notification_channels_name"),
            UniqueConstraint(fields=("name",), name="notification_channels_shared_name", condition="owner_id IS NULL"),
            CheckConstraint(
                check="(quiet_from IS NULL) = (quiet_to IS NULL)", name="notification_channels_quiet_whole"
            ),
            CheckConstraint(
                check="escalate_after_minutes > 0 AND failures >= 0 AND left_out >= 0",
                name="notification_channels_bounds",
            ),
        ]


class NotificationCursor(Model):
    """The position in a source: a number of its log, or its last seen state. One for each account."""

    source = fields.CharField(max_length=60, primary_key=True)
    position = fields.BigIntField(default=0)
    reached_at = fields.DatetimeField(null=True)
    state = fields.TextField(null=True)

    class Meta:
        table = "notification_cursors"


class NotificationDelivery(Model):
    """A notice (in JSON) on its way to a channel, once for each ``key``; see ``domain.system.notifications.types``."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    channel = fields.ForeignKeyField(
        "tradegraph.NotificationChannel", related_name="deliveries", on_delete=fields.CASCADE
    )
    key = fields.CharField(max_length=150)
    state = fields.CharEnumField(DeliveryState, max_length=8, default=DeliveryState.PENDING)
    urgent = fields.BooleanField()
    notice = fields.TextField()
    message_id = fields.UUIDField(null=True)
    created_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "notification_deliveries"
        indexes = [Index(fields=("state", "channel_id", "id"), name="notification_deliveries_open")]
        constraints = [UniqueConstraint(fields=("channel_id", "key"), name="notification_deliveries_once")]
