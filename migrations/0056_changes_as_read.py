"""The lock of orders that were read writes their changes too, by their keys.

A join in the writing statement kept a plan of when the table was small, which reads all orders for each change.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

_ARGUMENTS = "owners uuid[], versions bigint[], topics text[], topic_versions bigint[], orders json"
_TYPES = "(uuid[], bigint[], text[], bigint[], json)"


def _function(name: str, options: str, *proof: str) -> str:
    parts = (
        f"CREATE FUNCTION {name}({_ARGUMENTS}) RETURNS TABLE (account_id uuid, account accounts)",
        f"LANGUAGE plpgsql {options} AS $$ DECLARE held bigint; BEGIN",
        "RETURN QUERY SELECT a.id, a FROM accounts a JOIN unnest(owners, versions) AS e (id, version)",
        "ON a.id = e.id AND (e.version IS NULL OR a.book_version = e.version) ORDER BY a.id FOR UPDATE OF a;",
        "GET DIAGNOSTICS held = ROW_COUNT;",
        "IF held <> cardinality(owners) OR EXISTS (SELECT 1 FROM topic_versions v",
        "JOIN unnest(topics, topic_versions) AS e (topic, version) ON v.topic = e.topic WHERE v.version > e.version)",
        "THEN RAISE EXCEPTION 'what was decided on has changed' USING ERRCODE = 'serialization_failure'; END IF;",
        *proof,
        "THEN RAISE EXCEPTION 'an order has changed' USING ERRCODE = 'serialization_failure'; END IF; END $$",
    )
    return " ".join(parts)


_CHANGE = _function(
    "change_orders_as_read",
    "SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off",
    "UPDATE orders o SET pending_action = n.pending_action, pending_changes = n.pending_changes,",
    "updated_at = n.updated_at, version = n.version, reserved = n.reserved, reserved_margin = n.reserved_margin,",
    "reserved_fee = n.reserved_fee, reserved_quantity = n.reserved_quantity, reserve_rate = n.reserve_rate",
    "FROM json_to_recordset(orders) AS n (id uuid, account_id uuid, stamp xid, pending_action text,",
    "pending_changes text, updated_at timestamptz, version int, reserved numeric, reserved_margin numeric,",
    "reserved_fee numeric, reserved_quantity numeric, reserve_rate numeric)",
    "WHERE o.id = n.id AND o.account_id = n.account_id AND o.xmin = n.stamp; GET DIAGNOSTICS held = ROW_COUNT;",
    "IF held <> json_array_length(orders)",
)
_LOCK = _function(
    "lock_accounts_of_orders",
    "",
    "IF EXISTS (SELECT 1 FROM json_to_recordset(orders) AS e (id uuid, account_id uuid, stamp xid)",
    "WHERE (SELECT o.xmin = e.stamp FROM orders o WHERE o.id = e.id AND o.account_id = e.account_id OFFSET 0)",
    "IS NOT TRUE)",
)


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0055_resting_prices")]

    operations = [
        ops.RunSQL(
            (f"DROP FUNCTION lock_accounts_of_orders{_TYPES}", _CHANGE),
            (f"DROP FUNCTION change_orders_as_read{_TYPES}", _LOCK),
        )
    ]
