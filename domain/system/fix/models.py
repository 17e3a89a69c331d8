"""Tables of FIX sessions: the data that must survive a process and a connection."""

from tortoise import Model, fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from domain.kernel.ids import new_id


class FixSession(Model):
    """A session: of an API key (``key:<id>``), or with a venue (``venue:<name>``).

    ``comp_id`` is the CompID of the other side. ``epoch`` rises with each connection: a process whose connection was
    replaced writes nothing more. ``next_in`` and ``next_out`` are the next sequence numbers. ``cursors`` (JSON) has the
    number of the last reported event by account. ``logged_on`` is the time of the present connection's Logon.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    name = fields.CharField(max_length=80)
    comp_id = fields.CharField(max_length=64)
    epoch = fields.IntField(default=0)
    next_in = fields.IntField(default=1)
    next_out = fields.IntField(default=1)
    cursors = fields.TextField()
    created_at = fields.DatetimeField()
    logged_on_at = fields.DatetimeField(null=True)

    class Meta:
        table = "fix_sessions"
        constraints = [
            UniqueConstraint(fields=("name",), name="fix_sessions_name"),
            CheckConstraint(check="next_in > 0 AND next_out > 0", name="fix_sessions_numbers"),
        ]


class FixMessage(Model):
    """A message of the application that was sent, to be sent again when the other side asks: its type and body."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    session_id = fields.UUIDField()
    number = fields.IntField()
    kind = fields.CharField(max_length=2)
    body = fields.TextField()
    sent_at = fields.DatetimeField()

    class Meta:
        table = "fix_messages"
        constraints = [UniqueConstraint(fields=("session_id", "number"), name="fix_messages_number")]


class FixRequest(Model):
    """A request to cancel or replace an order, by its ClOrdID.

    ``version`` is that of the order right after it was carried out, None as long as that is not known. ``refused`` when
    nothing came of it.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    session_id = fields.UUIDField()
    client_order_id = fields.CharField(max_length=64)
    original_id = fields.CharField(max_length=64)
    kind = fields.CharField(max_length=1)
    order_id = fields.UUIDField()
    version = fields.IntField(null=True)
    refused = fields.BooleanField(default=False)
    created_at = fields.DatetimeField()

    class Meta:
        table = "fix_requests"
        indexes = [Index(fields=("session_id", "order_id"), name="fix_requests_order")]
        constraints = [UniqueConstraint(fields=("session_id", "client_order_id"), name="fix_requests_once")]


class FixReport(Model):
    """A fill, correction or bust that a venue reported, kept before its number is counted: ``body`` as it came."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    session_id = fields.UUIDField()
    execution_id = fields.CharField(max_length=200)
    body = fields.TextField()
    at = fields.DatetimeField()

    class Meta:
        table = "fix_reports"
        indexes = [Index(fields=("session_id", "at"), name="fix_reports_at")]
        constraints = [UniqueConstraint(fields=("session_id", "execution_id"), name="fix_reports_once")]
