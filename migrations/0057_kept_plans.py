"""The functions that prove what was decided on keep their plans, and find rows in ways that suit any size of a table.

PostgreSQL planned them anew for each call, because it takes a short array for cheaper than one of unknown length. A
plan that is kept may have been made when a table was empty. So accounts are looked up one by one, and orders are found
at the places where they were read.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

_CHANGED = "THEN RAISE EXCEPTION 'what was decided on has changed' USING ERRCODE = 'serialization_failure'; END IF;"
_COUNTED = (
    "GET DIAGNOSTICS counted = ROW_COUNT; IF counted <> json_array_length(orders) "
    "THEN RAISE EXCEPTION 'an order has changed' USING ERRCODE = 'serialization_failure'; END IF;"
)
_OUTDATED = (
    "EXISTS (SELECT 1 FROM topic_versions v JOIN unnest(topics, topic_versions) AS e (topic, version) "
    "ON v.topic = e.topic WHERE v.version > e.version)"
)
_BY_KEY = "SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off"
_KEPT = "SET plan_cache_mode = force_generic_plan"
_LOCK = "lock_current_accounts(uuid[], bigint[], bigint[], text[], bigint[])"
_MATCH = "a.id = e.id AND a.book_version = e.version AND (e.sequence IS NULL OR e.sequence = a.event_sequence)"
_VERSION = "a.id = e.id AND (e.version IS NULL OR a.book_version = e.version)"


def _lock(found: str) -> str:
    """The lock of accounts whose books were remembered."""
    return " ".join(
        (
            "CREATE OR REPLACE FUNCTION lock_current_accounts(ids uuid[], versions bigint[], sequences bigint[],",
            "topics text[], topic_versions bigint[]) RETURNS TABLE (account_id uuid, event_sequence bigint)",
            f"LANGUAGE plpgsql {_KEPT} AS $$ DECLARE counted bigint; BEGIN RETURN QUERY {found};",
            f"GET DIAGNOSTICS counted = ROW_COUNT; IF counted <> cardinality(ids) OR {_OUTDATED} {_CHANGED} END $$",
        )
    )


def _change(options: str, found: str, columns: str, where: str) -> str:
    """The lock that writes what is pending of orders."""
    return " ".join(
        (
            "CREATE OR REPLACE FUNCTION change_orders_as_read(owners uuid[], versions bigint[], topics text[],",
            "topic_versions bigint[], orders json) RETURNS TABLE (account_id uuid, account accounts)",
            f"LANGUAGE plpgsql {options} AS $$ DECLARE counted bigint; BEGIN RETURN QUERY {found};",
            f"GET DIAGNOSTICS counted = ROW_COUNT; IF counted <> cardinality(owners) OR {_OUTDATED} {_CHANGED}",
            "UPDATE orders o SET pending_action = n.pending_action, pending_changes = n.pending_changes,",
            "updated_at = n.updated_at, version = n.version, reserved = n.reserved,",
            "reserved_margin = n.reserved_margin, reserved_fee = n.reserved_fee,",
            "reserved_quantity = n.reserved_quantity, reserve_rate = n.reserve_rate",
            f"FROM json_to_recordset(orders) AS n ({columns}, pending_action text, pending_changes text,",
            "updated_at timestamptz, version int, reserved numeric, reserved_margin numeric, reserved_fee numeric,",
            f"reserved_quantity numeric, reserve_rate numeric) WHERE {where}; {_COUNTED} END $$",
        )
    )


def _take(options: str, columns: str, where: str) -> str:
    """The lock of acknowledgements, which writes them."""
    return " ".join(
        (
            "CREATE OR REPLACE FUNCTION take_acknowledged(holder text, held bigint, read_to text, commands bigint[],",
            "owners uuid[], orders json) RETURNS TABLE (account_id uuid, account accounts)",
            f"LANGUAGE plpgsql {options} AS $$ DECLARE counted bigint; BEGIN",
            "IF read_to IS NULL THEN PERFORM 1 FROM leases l WHERE l.role = holder AND l.epoch = held FOR SHARE;",
            "ELSE UPDATE leases l SET position = read_to WHERE l.role = holder AND l.epoch = held; END IF;",
            "IF NOT FOUND THEN RAISE EXCEPTION 'the lease is lost' USING ERRCODE = 'serialization_failure'; END IF;",
            "DELETE FROM venue_commands c WHERE c.id = ANY(commands); GET DIAGNOSTICS counted = ROW_COUNT;",
            "IF counted <> cardinality(commands)",
            "THEN RAISE EXCEPTION 'a command is gone' USING ERRCODE = 'serialization_failure'; END IF;",
            "RETURN QUERY SELECT a.id, a FROM accounts a WHERE a.id = ANY(owners) ORDER BY a.id FOR UPDATE;",
            "UPDATE orders o SET status = n.status, venue_order_id = n.venue_order_id,",
            "venue_sequence = n.venue_sequence, limit_price = n.limit_price, stop_price = n.stop_price,",
            "activated = n.activated, updated_at = n.updated_at",
            f"FROM json_to_recordset(orders) AS n ({columns}, status text, venue_order_id text, venue_sequence bigint,",
            "limit_price numeric, stop_price numeric, activated bool, updated_at timestamptz)",
            f"WHERE {where}; {_COUNTED} END $$",
        )
    )


_ORDER = "o.id = n.id AND o.account_id = n.account_id"
# Not an equality of ids, for which the planner could read a whole index of an empty table.
_PLACED = ("id uuid, stamp xid, place tid", "o.ctid = n.place AND o.xmin = n.stamp AND o.id IS NOT DISTINCT FROM n.id")
_EACH = (
    "SELECT l.id, l.account FROM (SELECT * FROM unnest(owners, versions) AS u (id, version) ORDER BY u.id) AS e "  # noqa: S608  constants
    f"CROSS JOIN LATERAL (SELECT a.id, a AS account FROM accounts a WHERE {_VERSION} FOR UPDATE) AS l"
)
_FOUND = (
    "SELECT a.id, a FROM accounts a "  # noqa: S608  constants
    f"JOIN unnest(owners, versions) AS e (id, version) ON {_VERSION} ORDER BY a.id FOR UPDATE OF a"
)


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0056_changes_as_read")]

    operations = [
        ops.RunSQL(
            (
                _lock(
                    "SELECT l.id, l.event_sequence FROM "  # noqa: S608  constants
                    "(SELECT * FROM unnest(ids, versions, sequences) AS u (id, version, sequence) ORDER BY u.id) AS e "
                    "CROSS JOIN LATERAL "
                    f"(SELECT a.id, a.event_sequence FROM accounts a WHERE {_MATCH} FOR UPDATE) AS l"
                ),
                _change(f"{_BY_KEY} {_KEPT}", _EACH, *_PLACED),
                _take(f"{_BY_KEY} {_KEPT}", *_PLACED),
            ),
            (
                _take(
                    _BY_KEY,
                    "id uuid, account_id uuid, version int, read_at timestamptz",
                    f"{_ORDER} AND o.version = n.version AND o.updated_at = n.read_at",
                ),
                _change(_BY_KEY, _FOUND, "id uuid, account_id uuid, stamp xid", f"{_ORDER} AND o.xmin = n.stamp"),
                _lock(
                    "SELECT a.id, a.event_sequence FROM accounts a "  # noqa: S608  constants
                    "JOIN unnest(ids, versions, sequences) AS e (id, version, sequence) "
                    f"ON {_MATCH} ORDER BY a.id FOR UPDATE OF a"
                ),
                f"ALTER FUNCTION {_LOCK} RESET plan_cache_mode",
            ),
        )
    ]
