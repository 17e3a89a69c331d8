"""Versions of accounts' books, and the lock that proves them: what was decided without a lock is written behind it."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

_LOCK = (
    "CREATE FUNCTION lock_current_accounts(ids uuid[], versions bigint[], topics text[], topic_versions bigint[]) "
    "RETURNS TABLE (account_id uuid, event_sequence bigint) LANGUAGE plpgsql AS $$ DECLARE held bigint; BEGIN "
    "RETURN QUERY SELECT a.id, a.event_sequence FROM accounts a JOIN unnest(ids, versions) AS e (id, version) "
    "ON a.id = e.id AND a.book_version = e.version ORDER BY a.id FOR UPDATE OF a; "
    "GET DIAGNOSTICS held = ROW_COUNT; "
    "IF held <> cardinality(ids) OR EXISTS (SELECT 1 FROM topic_versions v "
    "JOIN unnest(topics, topic_versions) AS e (topic, version) ON v.topic = e.topic WHERE v.version > e.version) THEN "
    "RAISE EXCEPTION 'what was decided on has changed' USING ERRCODE = 'serialization_failure'; END IF; END $$"
)


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0016_preferences")]

    operations = [
        ops.AddField("Account", "book_version", fields.BigIntField(default=0, db_default=0)),
        ops.RunSQL(_LOCK, "DROP FUNCTION lock_current_accounts(uuid[], bigint[], text[], bigint[])"),
    ]
