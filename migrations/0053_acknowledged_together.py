"""The lock of acknowledgements writes all orders in one statement.

One statement per order ran the trigger that counts open orders for each of them. The planner is held to looking orders
up by their key: it kept a plan of when the table was small, which read all orders for each acknowledgement.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops


def _take(options: str, declared: str, *writing: str) -> str:
    parts = (
        "CREATE OR REPLACE FUNCTION take_acknowledged(holder text, held bigint, read_to text, commands bigint[],",
        "owners uuid[], orders json)",
        f"RETURNS TABLE (account_id uuid, account accounts) LANGUAGE plpgsql {options}",
        f"AS $$ DECLARE found_rows bigint;{declared} BEGIN",
        "IF read_to IS NULL THEN PERFORM 1 FROM leases l WHERE l.role = holder AND l.epoch = held FOR SHARE;",
        "ELSE UPDATE leases l SET position = read_to WHERE l.role = holder AND l.epoch = held; END IF;",
        "IF NOT FOUND THEN RAISE EXCEPTION 'the lease is lost' USING ERRCODE = 'serialization_failure'; END IF;",
        "DELETE FROM venue_commands c WHERE c.id = ANY(commands); GET DIAGNOSTICS found_rows = ROW_COUNT;",
        "IF found_rows <> cardinality(commands)",
        "THEN RAISE EXCEPTION 'a command is gone' USING ERRCODE = 'serialization_failure'; END IF;",
        "RETURN QUERY SELECT a.id, a FROM accounts a WHERE a.id = ANY(owners) ORDER BY a.id FOR UPDATE;",
        *writing,
        "THEN RAISE EXCEPTION 'an order has changed' USING ERRCODE = 'serialization_failure'; END IF;",
    )
    return " ".join(parts)


_ROWS = (
    "json_to_recordset(orders) AS {} (id uuid, account_id uuid, status text, venue_order_id text, "
    "venue_sequence bigint, limit_price numeric, stop_price numeric, activated bool, updated_at timestamptz, "
    "version int, read_at timestamptz)"
)
_SET = (
    "UPDATE orders o SET status = n.status, venue_order_id = n.venue_order_id, venue_sequence = n.venue_sequence, "
    "limit_price = n.limit_price, stop_price = n.stop_price, activated = n.activated, updated_at = n.updated_at"
)
_WHERE = "WHERE o.id = n.id AND o.account_id = n.account_id AND o.version = n.version AND o.updated_at = n.read_at;"
_TOGETHER = _take(
    "SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off",
    "",
    f"{_SET} FROM {_ROWS.format('n')} {_WHERE} GET DIAGNOSTICS found_rows = ROW_COUNT;",
    "IF found_rows <> json_array_length(orders)",
)
_EACH = f"FOR n IN SELECT * FROM {_ROWS.format('r')} LOOP"  # noqa: S608  constants
_ONE_BY_ONE = _take("", " n record;", f"{_EACH} {_SET} {_WHERE}", "IF NOT FOUND")


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0052_acknowledged_rows")]

    operations = [ops.RunSQL(f"{_TOGETHER} END $$", f"{_ONE_BY_ONE} END LOOP; END $$")]
