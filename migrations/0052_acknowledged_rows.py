"""The lock of acknowledgements writes the orders too, each by its key.

As a join, writing them kept a plan of when the table was small, which read all orders for each acknowledgement.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

_OLD = "DROP FUNCTION take_acknowledged(text, bigint, text, bigint[], uuid[], uuid[], int[], timestamptz[])"
_NEW = "DROP FUNCTION take_acknowledged(text, bigint, text, bigint[], uuid[], json)"
_BEGINNING = (
    "RETURNS TABLE (account_id uuid, account accounts)",
    "LANGUAGE plpgsql AS $$ DECLARE found_rows bigint; n record; BEGIN",
    "IF read_to IS NULL THEN PERFORM 1 FROM leases l WHERE l.role = holder AND l.epoch = held FOR SHARE;",
    "ELSE UPDATE leases l SET position = read_to WHERE l.role = holder AND l.epoch = held; END IF;",
    "IF NOT FOUND THEN RAISE EXCEPTION 'the lease is lost' USING ERRCODE = 'serialization_failure'; END IF;",
    "DELETE FROM venue_commands c WHERE c.id = ANY(commands); GET DIAGNOSTICS found_rows = ROW_COUNT;",
    "IF found_rows <> cardinality(commands)",
    "THEN RAISE EXCEPTION 'a command is gone' USING ERRCODE = 'serialization_failure'; END IF;",
    "RETURN QUERY SELECT a.id, a FROM accounts a WHERE a.id = ANY(owners) ORDER BY a.id FOR UPDATE;",
)
_TAKE = " ".join(
    (
        "CREATE FUNCTION take_acknowledged(holder text, held bigint, read_to text, commands bigint[], owners uuid[],",
        "orders json)",
        *_BEGINNING,
        "FOR n IN SELECT * FROM json_to_recordset(orders) AS r (id uuid, account_id uuid, status text,",
        "venue_order_id text, venue_sequence bigint, limit_price numeric, stop_price numeric, activated bool,",
        "updated_at timestamptz, version int, read_at timestamptz) LOOP",
        "UPDATE orders o SET status = n.status, venue_order_id = n.venue_order_id, venue_sequence = n.venue_sequence,",
        "limit_price = n.limit_price, stop_price = n.stop_price, activated = n.activated, updated_at = n.updated_at",
        "WHERE o.id = n.id AND o.account_id = n.account_id AND o.version = n.version AND o.updated_at = n.read_at;",
        "IF NOT FOUND THEN RAISE EXCEPTION 'an order has changed' USING ERRCODE = 'serialization_failure'; END IF;",
        "END LOOP; END $$",
    )
)
_BEFORE = " ".join(
    (
        "CREATE FUNCTION take_acknowledged(holder text, held bigint, read_to text, commands bigint[], ids uuid[],",
        "owners uuid[], versions int[], times timestamptz[])",
        *_BEGINNING,
        "SELECT count(*) INTO found_rows FROM unnest(ids, owners, versions, times) AS e (id, owner, version, time)",
        "WHERE (SELECT o.version = e.version AND o.updated_at = e.time FROM orders o",
        "WHERE o.id = e.id AND o.account_id = e.owner OFFSET 0);",
        "IF found_rows <> cardinality(ids)",
        "THEN RAISE EXCEPTION 'an order has changed' USING ERRCODE = 'serialization_failure'; END IF; END $$",
    )
)


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0051_acknowledged_orders")]

    operations = [ops.RunSQL((_OLD, _TAKE), (_NEW, _BEFORE))]
