"""An index of client order ids that begins with them, made beside running processes; the next migration uses it.

Not in one transaction, so that no table is locked while its index is built: each statement may be run again.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0061_no_index_of_venue_order_ids")]
    atomic = False

    operations = [
        ops.RunSQL(
            (
                # One that was interrupted has left an index that is not valid.
                "DROP INDEX CONCURRENTLY IF EXISTS orders_client_order_id_first",
                "CREATE UNIQUE INDEX CONCURRENTLY orders_client_order_id_first ON orders (client_order_id, account_id)",
            ),
            "DROP INDEX IF EXISTS orders_client_order_id_first",
        )
    ]
