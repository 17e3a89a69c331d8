"""The lock of the accounts of orders, which proves that each order's row is the one that was read."""

from tortoise import migrations
from tortoise.migrations import operations as ops

# A version that is NULL may be any. OFFSET keeps the lookup a lookup: it is not made a join.
_LOCK = " ".join(
    (
        "CREATE FUNCTION lock_accounts_of_orders(owners uuid[], versions bigint[], topics text[],",
        "topic_versions bigint[], orders json) RETURNS TABLE (account_id uuid, account accounts)",
        "LANGUAGE plpgsql AS $$ DECLARE held bigint; BEGIN",
        "RETURN QUERY SELECT a.id, a FROM accounts a JOIN unnest(owners, versions) AS e (id, version)",
        "ON a.id = e.id AND (e.version IS NULL OR a.book_version = e.version) ORDER BY a.id FOR UPDATE OF a;",
        "GET DIAGNOSTICS held = ROW_COUNT;",
        "IF held <> cardinality(owners) OR EXISTS (SELECT 1 FROM topic_versions v",
        "JOIN unnest(topics, topic_versions) AS e (topic, version) ON v.topic = e.topic WHERE v.version > e.version)",
        "THEN RAISE EXCEPTION 'what was decided on has changed' USING ERRCODE = 'serialization_failure'; END IF;",
        "IF EXISTS (SELECT 1 FROM json_to_recordset(orders) AS e (id uuid, account_id uuid, stamp xid)",
        "WHERE (SELECT o.xmin = e.stamp FROM orders o WHERE o.id = e.id AND o.account_id = e.account_id OFFSET 0)",
        "IS NOT TRUE)",
        "THEN RAISE EXCEPTION 'an order has changed' USING ERRCODE = 'serialization_failure'; END IF; END $$",
    )
)
_DROP = "DROP FUNCTION lock_accounts_of_orders(uuid[], bigint[], text[], bigint[], json)"


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0053_acknowledged_together")]

    operations = [ops.RunSQL(_LOCK, _DROP)]
