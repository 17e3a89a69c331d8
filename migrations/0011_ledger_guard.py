"""The ledger defends itself: it cannot be emptied, not even in replication's mode, and takes only what follows on."""

from tortoise import migrations
from tortoise.migrations import operations as ops

# A statement of the application inserts a whole run of rows: they are checked together, once.
FOLLOWS_ON = (
    "CREATE FUNCTION ledger_follows_on() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "IF EXISTS (SELECT 1 FROM fresh n WHERE n.balance_after - n.amount IS DISTINCT FROM "
    "CASE n.sequence WHEN 1 THEN 0 ELSE (SELECT p.balance_after FROM account_transactions p "
    "WHERE p.account_id = n.account_id AND p.sequence = n.sequence - 1) END) THEN "
    "RAISE EXCEPTION 'a transaction must follow on the one before, in number and balance' "
    "USING ERRCODE = 'check_violation'; END IF; RETURN NULL; END $$",
    "CREATE TRIGGER account_transactions_follow_on AFTER INSERT ON account_transactions "
    "REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION ledger_follows_on()",
)

_GUARDS = (
    ("account_transactions", "account_transactions_append_only"),
    ("account_transactions", "account_transactions_keep"),
    ("account_transactions", "account_transactions_follow_on"),
    ("account_events", "account_events_append_only"),
    ("account_events", "account_events_keep"),
)


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0010_venue_symbols")]

    operations = [
        ops.RunSQL(
            "CREATE TRIGGER account_events_keep BEFORE TRUNCATE ON account_events "
            "FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only()",
            "DROP TRIGGER account_events_keep ON account_events",
        ),
        ops.RunSQL(
            FOLLOWS_ON,
            (
                "DROP TRIGGER account_transactions_follow_on ON account_transactions",
                "DROP FUNCTION ledger_follows_on()",
            ),
        ),
        ops.RunSQL(
            tuple(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}" for table, trigger in _GUARDS),
            tuple(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}" for table, trigger in _GUARDS),
        ),
    ]
