"""Who holds anything is asked every second."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0013_risk")]

    operations = [
        ops.RunSQL(
            "CREATE INDEX positions_held ON positions (account_id) WHERE quantity <> 0", "DROP INDEX positions_held"
        ),
    ]
