"""What accounts and positions were worth in the past: two tables in partitions by month, and an index of flows.

The code makes partitions ahead of what it writes and drops the old ones (``domain/kernel/partitions.py``). No foreign
keys: each would lock the referenced table for every partition that is made, and accounts are never removed.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

EQUITY_SAMPLES = (
    "CREATE TABLE equity_samples ("
    "account_id uuid NOT NULL, at timestamptz NOT NULL, equity numeric NOT NULL, cash numeric NOT NULL, "
    "unrealized_pnl numeric NOT NULL, transaction_sequence bigint NOT NULL CHECK (transaction_sequence >= 0), "
    "PRIMARY KEY (account_id, at)) PARTITION BY RANGE (at)"
)

POSITION_SNAPSHOTS = (
    "CREATE TABLE position_snapshots ("
    "account_id uuid NOT NULL, at timestamptz NOT NULL, instrument_id uuid NOT NULL, bucket varchar(5) NOT NULL, "
    "quantity numeric NOT NULL, average_price numeric NOT NULL, mark_price numeric, unrealized_pnl numeric NOT NULL, "
    "realized_pnl numeric NOT NULL, PRIMARY KEY (account_id, at, instrument_id, bucket)) PARTITION BY RANGE (at)"
)

# Money that came from outside or left: what a time-weighted return leaves out.
FLOWS = (
    "CREATE INDEX account_transactions_flows ON account_transactions (account_id, sequence) "
    "WHERE kind IN ('DEPOSIT', 'WITHDRAWAL', 'TRANSFER')"
)


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0003_events_and_triggers")]

    operations = [
        ops.RunSQL(EQUITY_SAMPLES, "DROP TABLE equity_samples"),
        ops.RunSQL(POSITION_SNAPSHOTS, "DROP TABLE position_snapshots"),
        ops.RunSQL(FLOWS, "DROP INDEX account_transactions_flows"),
    ]
