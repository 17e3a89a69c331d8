"""The lock that proves versions can prove event sequences too: that no order has changed, acknowledgements included."""

from tortoise import migrations
from tortoise.migrations import operations as ops


def _lock(arguments: str, match: str) -> str:
    parts = (
        f"CREATE FUNCTION lock_current_accounts({arguments}) RETURNS TABLE (account_id uuid, event_sequence bigint)",
        "LANGUAGE plpgsql AS $$ DECLARE held bigint; BEGIN",
        f"RETURN QUERY SELECT a.id, a.event_sequence FROM accounts a JOIN {match} ORDER BY a.id FOR UPDATE OF a;",  # noqa: S608  constants
        "GET DIAGNOSTICS held = ROW_COUNT;",
        "IF held <> cardinality(ids) OR EXISTS (SELECT 1 FROM topic_versions v",
        "JOIN unnest(topics, topic_versions) AS e (topic, version) ON v.topic = e.topic WHERE v.version > e.version)",
        "THEN RAISE EXCEPTION 'what was decided on has changed' USING ERRCODE = 'serialization_failure'; END IF; END $$",
    )
    return " ".join(parts)


_WITHOUT = _lock(
    "ids uuid[], versions bigint[], topics text[], topic_versions bigint[]",
    "unnest(ids, versions) AS e (id, version) ON a.id = e.id AND a.book_version = e.version",
)
# A sequence that is NULL may be any.
_WITH = _lock(
    "ids uuid[], versions bigint[], sequences bigint[], topics text[], topic_versions bigint[]",
    "unnest(ids, versions, sequences) AS e (id, version, sequence) ON a.id = e.id AND a.book_version = e.version "
    "AND (e.sequence IS NULL OR e.sequence = a.event_sequence)",
)
_DROP_WITHOUT = "DROP FUNCTION lock_current_accounts(uuid[], bigint[], text[], bigint[])"
_DROP_WITH = "DROP FUNCTION lock_current_accounts(uuid[], bigint[], bigint[], text[], bigint[])"


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0018_open_order_counts"), ("tradegraph", "0020_identities")]

    operations = [ops.RunSQL((_DROP_WITHOUT, _WITH), (_DROP_WITH, _WITHOUT))]
