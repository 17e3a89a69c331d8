"""How many orders of an account are open, kept by the database with every order that opens or ends."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import UniqueConstraint

_ADD = (
    "INSERT INTO open_order_counts AS c (account_id, instrument_id, strategy, orders) {changes} "
    "ON CONFLICT (account_id, instrument_id, strategy) DO UPDATE SET orders = c.orders + EXCLUDED.orders"
)
_OPEN = (
    "SELECT account_id, instrument_id, coalesce(strategy, ''), count(*) FROM {table} WHERE closed_at IS NULL "
    "GROUP BY account_id, instrument_id, coalesce(strategy, '')"
)
# An order that is open again, such as one that its venue goes on with, counts again.
_MOVED = (
    "SELECT n.account_id, n.instrument_id, coalesce(n.strategy, ''), "
    "sum((n.closed_at IS NULL)::int - (b.closed_at IS NULL)::int) AS moved FROM fresh n JOIN before b ON b.id = n.id "
    "WHERE (n.closed_at IS NULL) <> (b.closed_at IS NULL) "
    "GROUP BY n.account_id, n.instrument_id, coalesce(n.strategy, '')"
)
_FUNCTION = "CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}; RETURN NULL; END $$"
_TRIGGERS = (
    _FUNCTION.format(name="orders_count_placed", body=_ADD.format(changes=_OPEN.format(table="fresh"))),
    _FUNCTION.format(name="orders_count_moved", body=_ADD.format(changes=_MOVED)),
    "CREATE TRIGGER orders_count_placed AFTER INSERT ON orders REFERENCING NEW TABLE AS fresh "
    "FOR EACH STATEMENT EXECUTE FUNCTION orders_count_placed()",
    "CREATE TRIGGER orders_count_moved AFTER UPDATE ON orders REFERENCING OLD TABLE AS before NEW TABLE AS fresh "
    "FOR EACH STATEMENT EXECUTE FUNCTION orders_count_moved()",
)
_UNDO = (
    "DROP TRIGGER orders_count_moved ON orders",
    "DROP TRIGGER orders_count_placed ON orders",
    "DROP FUNCTION orders_count_moved()",
    "DROP FUNCTION orders_count_placed()",
)


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0017_book_versions")]

    operations = [
        ops.CreateModel(
            name="OpenOrderCount",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "tradegraph.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="open_order_counts",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "instrument",
                    fields.ForeignKeyField(
                        "tradegraph.Instrument",
                        source_field="instrument_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="open_order_counts",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("strategy", fields.CharField(max_length=100)),
                ("orders", fields.BigIntField()),
            ],
            options={"table": "open_order_counts", "app": "tradegraph", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.AddConstraint(
            "OpenOrderCount",
            UniqueConstraint(fields=("account_id", "instrument_id", "strategy"), name="open_order_counts_once"),
        ),
        ops.RunSQL(_ADD.format(changes=_OPEN.format(table="orders")), "DELETE FROM open_order_counts"),
        ops.RunSQL(_TRIGGERS, _UNDO),
    ]
