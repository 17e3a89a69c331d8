"""What the ORM cannot say: the event log with its composite key, append-only triggers, and partial indexes."""

from tortoise import migrations
from tortoise.migrations import operations as ops

from domain.access.models import AUDIT_APPEND_ONLY, AUDIT_APPEND_ONLY_REVERSE

ACCOUNT_EVENTS = (
    "CREATE TABLE account_events ("
    "account_id uuid NOT NULL REFERENCES accounts (id), sequence bigint NOT NULL CHECK (sequence > 0), "
    "kind varchar(30) NOT NULL, at timestamptz NOT NULL, order_id uuid REFERENCES orders (id), payload text NOT NULL, "
    "PRIMARY KEY (account_id, sequence))",
)

LEDGER_APPEND_ONLY = (
    "CREATE FUNCTION ledger_append_only() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'the ledger and the event log are append-only' "
    "USING ERRCODE = 'restrict_violation'; END $$",
    "CREATE TRIGGER account_transactions_append_only BEFORE UPDATE OR DELETE ON account_transactions "
    "FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only()",
    "CREATE TRIGGER account_transactions_keep BEFORE TRUNCATE ON account_transactions "
    "FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only()",
    "CREATE TRIGGER account_events_append_only BEFORE UPDATE OR DELETE ON account_events "
    "FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only()",
)

# Identifiers are ordered by time, so these serve newest-first pages. Open orders are few among many: the venue arms
# them at its start, accounts list and cancel them.
PAGES = (
    "CREATE INDEX orders_account ON orders (account_id, id)",
    "CREATE INDEX orders_open ON orders (account_id, id) WHERE closed_at IS NULL",
    "CREATE INDEX executions_account ON executions (account_id, id)",
    "CREATE INDEX account_events_order ON account_events (order_id, sequence) WHERE order_id IS NOT NULL",
)


# The timer's key is the account itself, which the ORM can say only as a relation.
CANCEL_TIMERS = (
    "ALTER TABLE cancel_timers ADD CONSTRAINT cancel_timers_account FOREIGN KEY (account_id) REFERENCES accounts (id)"
)


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0002_constraints")]

    operations = [
        ops.RunSQL(ACCOUNT_EVENTS, "DROP TABLE account_events"),
        ops.RunSQL(
            LEDGER_APPEND_ONLY,
            (
                "DROP TRIGGER account_events_append_only ON account_events",
                "DROP TRIGGER account_transactions_keep ON account_transactions",
                "DROP TRIGGER account_transactions_append_only ON account_transactions",
                "DROP FUNCTION ledger_append_only()",
            ),
        ),
        ops.RunSQL(CANCEL_TIMERS, "ALTER TABLE cancel_timers DROP CONSTRAINT cancel_timers_account"),
        ops.RunSQL(AUDIT_APPEND_ONLY, AUDIT_APPEND_ONLY_REVERSE),
        ops.RunSQL(
            PAGES,
            (
                "DROP INDEX account_events_order",
                "DROP INDEX executions_account",
                "DROP INDEX orders_open",
                "DROP INDEX orders_account",
            ),
        ),
    ]
