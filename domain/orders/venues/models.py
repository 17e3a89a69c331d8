"""Tables of requests to real venues, and of differences between their books and ours."""

from tortoise import Model, fields
from tortoise.migrations.constraints import UniqueConstraint

from domain.kernel.ids import new_id
from domain.orders.venues.remote_order import Cause
from domain.orders.venues.types import RequestKind


class VenueRequest(Model):
    """A request to a real venue, until it is answered.

    ``sent_at`` is set before it goes out: from then on its fate is unknown, and the order is asked about before
    anything else is done. ``group_ids`` are the orders of a native group (JSON), ``cause`` is the reason of a cancel.
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
    """A difference between a venue's books and ours, from its detection until it is gone.

    ``subject`` names its subject (a venue's order id, an execution, a symbol), ``ours`` and ``theirs`` the two values.
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
