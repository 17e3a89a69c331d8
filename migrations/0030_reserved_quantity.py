"""What an order counts in its position's sums is its reserved quantity, beside its reserved margin and fee."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0029_calendars")]

    operations = [ops.RenameField("Order", "working_quantity", "reserved_quantity")]
