"""Keys and references of an account's rows hold the account.

So a row of one account can refer to orders of that account alone, and the tables can be distributed by account. Tables
that would be whole on every server refer to no account by constraint: accounts are never removed, which a trigger
holds everybody to.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import UniqueConstraint

TABLES = (
    "account_transactions",
    "executions",
    "open_order_counts",
    "order_days",
    "orders",
    "position_adjustments",
    "positions",
    "venue_commands",
    "venue_requests",
)
OF_ORDERS = ("account_events", "executions", "venue_commands", "venue_requests")
WHOLE = ("account_grants", "anomalies", "anomaly_dismissals", "risk_events", "risk_rules", "trading_halts")

# The names of constraints that the ORM made differ between its versions.
_DROP_REFERENCES = """
DO $$ DECLARE c record; BEGIN
  FOR c IN SELECT conname, conrelid::regclass AS owner FROM pg_constraint
    WHERE contype = 'f' AND (confrelid = 'orders'::regclass
      OR (confrelid = 'accounts'::regclass AND conrelid::regclass::text = ANY ('{WHOLE}')))
  LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.owner, c.conname); END LOOP;
END $$
""".replace("WHOLE", ",".join(WHOLE))
_SWAP = """
DO $$ DECLARE c record; BEGIN
  FOR c IN SELECT conname, conrelid::regclass AS owner FROM pg_constraint
    WHERE contype = 'p' AND conrelid::regclass::text = ANY ('{TABLES}')
  LOOP
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.owner, c.conname);
    EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I PRIMARY KEY USING INDEX %I',
      c.owner, c.owner || '_pkey', c.owner || '_key');
  END LOOP;
END $$
""".replace("TABLES", ",".join(TABLES))
_REFER = tuple(
    f"ALTER TABLE {table} ADD CONSTRAINT {table}_order FOREIGN KEY (order_id, account_id) "
    "REFERENCES orders (id, account_id) NOT VALID"
    for table in OF_ORDERS
)
_ONCE = (
    "ALTER TABLE executions DROP CONSTRAINT executions_once",
    "ALTER TABLE executions ADD CONSTRAINT executions_once UNIQUE USING INDEX executions_once_in_account",
)
_STAY = (
    "CREATE FUNCTION accounts_stay() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'accounts are never removed' USING ERRCODE = 'restrict_violation'; END $$",
    "CREATE TRIGGER accounts_stay BEFORE DELETE OR TRUNCATE ON accounts "
    "FOR EACH STATEMENT EXECUTE FUNCTION accounts_stay()",
    "ALTER TABLE accounts ENABLE ALWAYS TRIGGER accounts_stay",
)


class Once(ops.RunSQL):
    """The statements above, and the same constraint in the ORM's picture of the schema."""

    def state_forward(self, app_label, state):
        constraint = UniqueConstraint(fields=("order_id", "venue_execution_id", "account_id"), name="executions_once")
        ops.RemoveConstraint("Execution", "executions_once").state_forward(app_label, state)
        ops.AddConstraint("Execution", constraint).state_forward(app_label, state)


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0043_indexes_by_account")]

    operations = [Once((_DROP_REFERENCES, _SWAP, *_ONCE, *_REFER, *_STAY))]
