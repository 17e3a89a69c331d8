"""Tables of what goes to real venues, and of where theirs and our books differ."""

from tortoise import Model, fields
from tortoise.migrations.constraints import UniqueConstraint

from domain.kernel.ids import new_id
from domain.orders.venues.remote_order import Cause
from domain.orders.venues.types import RequestKind


class VenueRequest(Model):
    """Something asked of a real venue, until it is answered.

    ``sent_at`` is set before it goes out: with it, nobody knows whether the venue has it, and it is asked about before
    anything else is done. ``group_ids`` are the orders of a native group (JSON), ``cause`` is why it cancels.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    venue = fields.CharField(max_length=40)
    kind = fields.CharEnumField(RequestKind, max_length=7)
    order = fields.ForeignKeyField("tradegraph.Order", related_name="venue_requests", on_delete=fields.RESTRICT)
    account_id = fields.UUIDField()
    group_ids = fields.TextField(null=True)
    cause = fields.CharEnumField(Cause, max_length=11, null=True)
    attempts = fields.IntField(default=0)
    created_at = fields.DatetimeField()
    sent_at = fields.DatetimeField(null=True)

    class Meta:
        table = "venue_requests"


class VenueDifference(Model):
    """Something in which a venue's books and ours differ, from when it was seen until it is gone.

    ``subject`` names what differs (a venue's order id, an execution, a symbol), ``ours`` and ``theirs`` say how.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    venue = fields.CharField(max_length=40)
    kind = fields.CharField(max_length=20)
    subject = fields.CharField(max_length=200)
    ours = fields.CharField(max_length=500)
    theirs = fields.CharField(max_length=500)
    first_seen_at = fields.DatetimeField()
    last_seen_at = fields.DatetimeField()
    cleared_at = fields.DatetimeField(null=True)

    class Meta:
        table = "venue_differences"
        constraints = [
            UniqueConstraint(
                fields=("venue", "kind", "subject"), name="venue_differences_open", condition="cleared_at IS NULL"
            ),
        ]
