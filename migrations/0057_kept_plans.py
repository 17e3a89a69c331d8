"""The functions that prove what was decided on keep their plans, and find accounts by their keys.

PostgreSQL planned them anew for each call, because it takes a short array for cheaper than one of unknown length. A
plan for any length would read all accounts where these are few, so here the accounts are looked up one by one.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

_LOCK = "lock_current_accounts(uuid[], bigint[], bigint[], text[], bigint[])"
_PROVING = (
    _LOCK,
    "change_orders_as_read(uuid[], bigint[], text[], bigint[], json)",
    "take_acknowledged(text, bigint, text, bigint[], uuid[], json)",
)


def _lock(*found: str) -> str:
    parts = (
        "CREATE OR REPLACE FUNCTION lock_current_accounts(ids uuid[], versions bigint[], sequences bigint[],",
        "topics text[], topic_versions bigint[]) RETURNS TABLE (account_id uuid, event_sequence bigint)",
        "LANGUAGE plpgsql AS $$ DECLARE held bigint; BEGIN RETURN QUERY",
        *found,
        "GET DIAGNOSTICS held = ROW_COUNT;",
        "IF held <> cardinality(ids) OR EXISTS (SELECT 1 FROM topic_versions v",
        "JOIN unnest(topics, topic_versions) AS e (topic, version) ON v.topic = e.topic WHERE v.version > e.version)",
        "THEN RAISE EXCEPTION 'what was decided on has changed' USING ERRCODE = 'serialization_failure'; END IF; END $$",
    )
    return " ".join(parts)


_MATCH = "a.id = e.id AND a.book_version = e.version AND (e.sequence IS NULL OR e.sequence = a.event_sequence)"
_BY_KEY = _lock(
    "SELECT l.id, l.event_sequence",
    "FROM (SELECT * FROM unnest(ids, versions, sequences) AS u (id, version, sequence) ORDER BY u.id) AS e",
    f"CROSS JOIN LATERAL (SELECT a.id, a.event_sequence FROM accounts a WHERE {_MATCH} FOR UPDATE) AS l;",  # noqa: S608  constants
)
_TOGETHER = _lock(
    "SELECT a.id, a.event_sequence FROM accounts a",
    f"JOIN unnest(ids, versions, sequences) AS e (id, version, sequence) ON {_MATCH} ORDER BY a.id FOR UPDATE OF a;",
)
_KEPT = tuple(f"ALTER FUNCTION {name} SET plan_cache_mode = force_generic_plan" for name in _PROVING)
_NOT_KEPT = tuple(f"ALTER FUNCTION {name} RESET plan_cache_mode" for name in _PROVING)


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0056_changes_as_read")]

    operations = [ops.RunSQL((_BY_KEY, *_KEPT), (*_NOT_KEPT, _TOGETHER))]
