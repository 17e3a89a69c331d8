"""Orders by group, tag and strategy: indexes of those that have any, so that plain orders cost no more."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0036_access")]

    operations = [
        ops.RunSQL(
            (
                "CREATE INDEX orders_group ON orders (group_id) WHERE group_id IS NOT NULL",
                "CREATE INDEX orders_tags ON orders USING gin (tags) WHERE tags <> '{}'",
                "CREATE INDEX orders_strategy ON orders (strategy, id) WHERE strategy IS NOT NULL",
            ),
            ("DROP INDEX orders_strategy", "DROP INDEX orders_tags", "DROP INDEX orders_group"),
        ),
    ]
