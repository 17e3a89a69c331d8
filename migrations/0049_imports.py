"""Imported lines of history, by account and reference: each reference is imported once."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0048_fix_constraints")]

    operations = [
        ops.RunSQL(
            "CREATE TABLE imported_lines (account_id uuid NOT NULL REFERENCES accounts (id), "
            "reference varchar(64) NOT NULL, digest bytea NOT NULL, PRIMARY KEY (account_id, reference))",
            "DROP TABLE imported_lines",
        )
    ]
