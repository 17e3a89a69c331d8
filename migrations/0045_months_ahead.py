"""Checks what the next migration relies on, beside running processes: references, and the end of what is stored now.

Not in one transaction, so that nothing is locked while a table is read: each statement may be run again.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

_REFERENCES = ("account_events", "executions", "venue_commands", "venue_requests")
# Whoever migrates at the end of a month has another one.
_BOUND = """
DO $$ BEGIN
  EXECUTE format('ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {table}_before');
  EXECUTE format('ALTER TABLE {table} ADD CONSTRAINT {table}_before CHECK (at < %L::timestamptz) NOT VALID',
    (date_trunc('month', now() AT TIME ZONE 'UTC') + interval '2 months') AT TIME ZONE 'UTC');
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0044_keys_by_account")]
    atomic = False

    operations = [
        ops.RunSQL(
            (
                *(f"ALTER TABLE {table} VALIDATE CONSTRAINT {table}_order" for table in _REFERENCES),
                *(
                    statement
                    for table in ("account_events", "bars")
                    for statement in (
                        _BOUND.format(table=table),
                        f"ALTER TABLE {table} VALIDATE CONSTRAINT {table}_before",
                    )
                ),
            )
        ),
    ]
