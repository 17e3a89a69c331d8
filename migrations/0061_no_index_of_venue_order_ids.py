"""The index of all venues' ids goes: it made every acknowledgement a write of all indexes of orders."""

from tortoise import migrations
from tortoise.migrations import operations as ops

_INDEX = (
    "CREATE INDEX CONCURRENTLY orders_venue_order_id ON orders (venue_order_id) "
    "WHERE venue <> 'paper' AND venue_order_id IS NOT NULL"
)


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0060_index_of_remote_order_ids")]
    atomic = False

    operations = [ops.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS orders_venue_order_id", _INDEX)]
