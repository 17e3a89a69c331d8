"""An index of the ids of real venues, built beside running processes."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0059_remote_order_ids_noted")]
    atomic = False

    operations = [
        ops.RunSQL(
            (
                # One that was interrupted has left an index that is not valid.
                "DROP INDEX CONCURRENTLY IF EXISTS orders_remote_order_id",
                "CREATE INDEX CONCURRENTLY orders_remote_order_id ON orders (remote_order_id) "
                "WHERE remote_order_id IS NOT NULL",
            ),
            "DROP INDEX IF EXISTS orders_remote_order_id",
        )
    ]
