"""Finding an order by the id that a real venue gave it: not every venue repeats ours with each fill."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0011_ledger_guard")]

    operations = [
        ops.RunSQL(
            "CREATE INDEX orders_venue_order_id ON orders (venue_order_id) "
            "WHERE venue <> 'paper' AND venue_order_id IS NOT NULL",
            "DROP INDEX orders_venue_order_id",
        ),
    ]
