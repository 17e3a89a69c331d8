"""An index of the prices of resting orders, built beside running processes: the best of an account is one lookup."""

from tortoise import migrations
from tortoise.migrations import operations as ops

_INDEX = (
    "CREATE INDEX CONCURRENTLY orders_resting ON orders (account_id, instrument_id, side, limit_price) "
    "WHERE closed_at IS NULL AND limit_price IS NOT NULL "
    "AND (type IN ('LIMIT', 'MARKET_TO_LIMIT') OR triggered_at IS NOT NULL)"
)


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0054_locks_of_orders")]
    atomic = False

    operations = [
        # One that was interrupted has left an index that is not valid.
        ops.RunSQL(("DROP INDEX CONCURRENTLY IF EXISTS orders_resting", _INDEX), "DROP INDEX IF EXISTS orders_resting")
    ]
