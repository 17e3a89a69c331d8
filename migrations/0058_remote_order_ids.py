"""A column for the ids that real venues give to orders, kept by a trigger, and room for the next state of an order.

PostgreSQL writes a new state of a row without touching its indexes if no indexed column has changed and its page has
room. An acknowledgement changed one: the venue's id, which is looked up for real venues alone. The trigger keeps the
column also for processes of the release before. A stored computed column would rewrite the whole table.
"""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

_NOTE = (
    "CREATE FUNCTION orders_note_remote_id() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN NEW.remote_order_id := NEW.venue_order_id; RETURN NEW; END $$"
)
_NOTED = (
    "CREATE TRIGGER orders_note_remote_id BEFORE INSERT OR UPDATE OF venue_order_id ON orders FOR EACH ROW "
    "WHEN (NEW.venue <> 'paper' AND NEW.venue_order_id IS DISTINCT FROM NEW.remote_order_id) "
    "EXECUTE FUNCTION orders_note_remote_id()"
)


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0057_kept_plans")]

    operations = [
        ops.AddField("Order", "remote_order_id", fields.CharField(max_length=100, null=True)),
        ops.RunSQL(
            (_NOTE, _NOTED, "ALTER TABLE orders SET (fillfactor = 50)"),
            (
                "ALTER TABLE orders RESET (fillfactor)",
                "DROP TRIGGER orders_note_remote_id ON orders",
                "DROP FUNCTION orders_note_remote_id()",
            ),
        ),
    ]
