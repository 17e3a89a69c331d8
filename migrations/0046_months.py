"""The event log and bars are kept by month: what is stored now becomes one partition, whole, without being read again.

Nothing of the event log is moved. Of bars, those of a day are kept in one table for ever, all others by month.
A table that is empty leaves no partition behind: ``domain/system/months.py`` makes months.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

_GUARDS = (
    "CREATE TRIGGER {name}_append_only BEFORE UPDATE OR DELETE ON {name} "
    "FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only()",
    "CREATE TRIGGER {name}_keep BEFORE TRUNCATE ON {name} FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only()",
    "ALTER TABLE {name} ENABLE ALWAYS TRIGGER {name}_append_only",
    "ALTER TABLE {name} ENABLE ALWAYS TRIGGER {name}_keep",
)
# The key (account, sequence) is one of each partition: a key of the whole table would need the time in it.
EVENTS = (
    "ALTER TABLE account_events RENAME TO account_events_before",
    "ALTER INDEX account_events_order RENAME TO account_events_before_order",
    "ALTER INDEX account_events_at RENAME TO account_events_before_at",
    "CREATE TABLE account_events (LIKE account_events_before INCLUDING DEFAULTS) PARTITION BY RANGE (at)",
    "ALTER TABLE account_events ADD CONSTRAINT account_events_sequence_check CHECK (sequence > 0)",
    "ALTER TABLE account_events ADD CONSTRAINT account_events_account FOREIGN KEY (account_id) "
    "REFERENCES accounts (id)",
    "ALTER TABLE account_events ADD CONSTRAINT account_events_of_order FOREIGN KEY (order_id, account_id) "
    "REFERENCES orders (id, account_id)",
    "CREATE INDEX account_events_order ON account_events (order_id, sequence) WHERE order_id IS NOT NULL",
    "CREATE INDEX account_events_at ON account_events USING brin (at) WITH (autosummarize = on)",
    *(statement.format(name="account_events") for statement in _GUARDS),
    # As domain/accounts/event_queries.py makes the others.
    "CREATE TABLE account_events_rest (LIKE account_events INCLUDING ALL, PRIMARY KEY (account_id, sequence))",
    *(statement.format(name="account_events_rest") for statement in _GUARDS),
)
BARS = (
    "ALTER TABLE bars RENAME TO bars_before",
    # The release before writes an id; nobody reads it.
    "ALTER TABLE bars_before DROP CONSTRAINT bars_pkey",
    "ALTER TABLE bars_before ALTER COLUMN id DROP NOT NULL",
    "CREATE TABLE bars (LIKE bars_before INCLUDING DEFAULTS) PARTITION BY LIST (interval)",
    "ALTER TABLE bars ADD CONSTRAINT bars_once UNIQUE (instrument_id, interval, at)",
    "ALTER TABLE bars ADD CONSTRAINT bars_range "
    "CHECK (high >= open AND high >= close AND low <= open AND low <= close AND volume >= 0)",
    "ALTER TABLE bars ADD CONSTRAINT bars_instrument FOREIGN KEY (instrument_id) REFERENCES instruments (id) "
    "ON DELETE RESTRICT",
    "CREATE TABLE bars_day PARTITION OF bars FOR VALUES IN ('DAY')",
    "CREATE TABLE bars_intraday PARTITION OF bars "
    "FOR VALUES IN ('SECOND', 'MINUTE', 'FIVE_MINUTES', 'FIFTEEN_MINUTES', 'HOUR') PARTITION BY RANGE (at)",
    "INSERT INTO bars_day SELECT * FROM bars_before WHERE interval = 'DAY'",
    "DELETE FROM bars_before WHERE interval = 'DAY'",
)
_PLACE = """
DO $$ DECLARE bound text; BEGIN
  SELECT substring(pg_get_constraintdef(oid) FROM '''([^'']+)''') INTO STRICT bound
    FROM pg_constraint WHERE conname = '{table}_before' AND conrelid = '{table}_before'::regclass;
  IF EXISTS (SELECT FROM {table}_before) THEN
    EXECUTE format('ALTER TABLE {parent} ATTACH PARTITION {table}_before FOR VALUES FROM (MINVALUE) TO (%L)', bound);
    ALTER TABLE {table}_before DROP CONSTRAINT {table}_before;
  ELSE
    DROP TABLE {table}_before;
  END IF;
END $$
"""


class Forget(ops.DeleteModel):
    """The ORM knows the table no more."""

    async def database_forward(self, app_label, old_state, new_state, state_editor=None):
        """Nothing: the table stays."""


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0045_months_ahead")]

    operations = [
        Forget("Bar"),
        ops.RunSQL(
            (
                *EVENTS,
                _PLACE.format(table="account_events", parent="account_events"),
                "ALTER TABLE account_events ATTACH PARTITION account_events_rest DEFAULT",
                *BARS,
                _PLACE.format(table="bars", parent="bars_intraday"),
                "CREATE TABLE bars_intraday_rest PARTITION OF bars_intraday DEFAULT",
            )
        ),
    ]
