"""Who froze what of a position. Of what is frozen already nobody knows any more."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


def _by():
    return fields.CharField(null=True, max_length=254)


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0030_reserved_quantity")]

    operations = [
        ops.AddField("Position", "held_by", _by()),
        ops.AddField("Position", "held_risk_by", _by()),
        ops.AddField("Position", "held_admin_by", _by()),
    ]
