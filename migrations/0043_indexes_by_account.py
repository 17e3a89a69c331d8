"""Indexes for keys that hold the account, made beside running processes; the next migration makes keys of them.

Not in one transaction, so that no table is locked while its index is built: each statement may be run again.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

KEYS = {
    "account_transactions_key": "account_transactions (id, account_id)",
    "executions_key": "executions (id, account_id)",
    "executions_once_in_account": "executions (order_id, venue_execution_id, account_id)",
    "open_order_counts_key": "open_order_counts (id, account_id)",
    "order_days_key": "order_days (id, account_id)",
    "orders_key": "orders (id, account_id)",
    "position_adjustments_key": "position_adjustments (id, account_id)",
    "positions_key": "positions (id, account_id)",
    "venue_commands_key": "venue_commands (id, account_id)",
    "venue_requests_key": "venue_requests (id, account_id)",
}


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0042_order_traces")]
    atomic = False

    operations = [
        ops.RunSQL(
            # One that was interrupted has left an index that is not valid.
            tuple(
                statement
                for name, place in KEYS.items()
                for statement in (
                    f"DROP INDEX CONCURRENTLY IF EXISTS {name}",
                    f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON {place}",
                )
            ),
            tuple(f"DROP INDEX IF EXISTS {name}" for name in KEYS),
        )
    ]
