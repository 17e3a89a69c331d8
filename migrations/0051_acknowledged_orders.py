"""The lock of acknowledgements looks each order up by its key.

As a join, the comparison kept a plan of when the table was small, which read all orders for each acknowledgement.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops


def _take(compared: str) -> str:
    parts = (
        "CREATE OR REPLACE FUNCTION take_acknowledged(holder text, held bigint, read_to text, commands bigint[],",
        "ids uuid[], owners uuid[], versions int[], times timestamptz[])",
        "RETURNS TABLE (account_id uuid, account accounts)",
        "LANGUAGE plpgsql AS $$ DECLARE found_rows bigint; BEGIN",
        "IF read_to IS NULL THEN PERFORM 1 FROM leases l WHERE l.role = holder AND l.epoch = held FOR SHARE;",
        "ELSE UPDATE leases l SET position = read_to WHERE l.role = holder AND l.epoch = held; END IF;",
        "IF NOT FOUND THEN RAISE EXCEPTION 'the lease is lost' USING ERRCODE = 'serialization_failure'; END IF;",
        "DELETE FROM venue_commands c WHERE c.id = ANY(commands); GET DIAGNOSTICS found_rows = ROW_COUNT;",
        "IF found_rows <> cardinality(commands)",
        "THEN RAISE EXCEPTION 'a command is gone' USING ERRCODE = 'serialization_failure'; END IF;",
        "RETURN QUERY SELECT a.id, a FROM accounts a WHERE a.id = ANY(owners) ORDER BY a.id FOR UPDATE;",
        "SELECT count(*) INTO found_rows FROM unnest(ids, owners, versions, times) AS e (id, owner, version, time)",
        f"{compared};",
        "IF found_rows <> cardinality(ids)",
        "THEN RAISE EXCEPTION 'an order has changed' USING ERRCODE = 'serialization_failure'; END IF; END $$",
    )
    return " ".join(parts)


_JOINED = "JOIN orders o ON o.id = e.id AND o.account_id = e.owner AND o.version = e.version AND o.updated_at = e.time"
# OFFSET keeps the lookup a lookup: it is not made a join.
_LOOKED_UP = (
    "WHERE (SELECT o.version = e.version AND o.updated_at = e.time FROM orders o "
    "WHERE o.id = e.id AND o.account_id = e.owner OFFSET 0)"
)


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0050_acknowledgements")]

    operations = [ops.RunSQL(_take(_LOOKED_UP), _take(_JOINED))]
