"""The lock under which a router writes that its venue has taken new orders, decided on without a lock."""

from tortoise import migrations
from tortoise.migrations import operations as ops

_ARGUMENTS = (
    "holder text, held bigint, read_to text, commands bigint[], ids uuid[], owners uuid[], versions int[], "
    "times timestamptz[]"
)
# The lease first, then the accounts: the order in which a step under the locks takes them.
_TAKE = " ".join(
    (
        f"CREATE FUNCTION take_acknowledged({_ARGUMENTS}) RETURNS TABLE (account_id uuid, account accounts)",
        "LANGUAGE plpgsql AS $$ DECLARE found_rows bigint; BEGIN",
        "IF read_to IS NULL THEN PERFORM 1 FROM leases l WHERE l.role = holder AND l.epoch = held FOR SHARE;",
        "ELSE UPDATE leases l SET position = read_to WHERE l.role = holder AND l.epoch = held; END IF;",
        "IF NOT FOUND THEN RAISE EXCEPTION 'the lease is lost' USING ERRCODE = 'serialization_failure'; END IF;",
        "DELETE FROM venue_commands c WHERE c.id = ANY(commands); GET DIAGNOSTICS found_rows = ROW_COUNT;",
        "IF found_rows <> cardinality(commands)",
        "THEN RAISE EXCEPTION 'a command is gone' USING ERRCODE = 'serialization_failure'; END IF;",
        "RETURN QUERY SELECT a.id, a FROM accounts a WHERE a.id = ANY(owners) ORDER BY a.id FOR UPDATE;",
        "SELECT count(*) INTO found_rows FROM unnest(ids, owners, versions, times) AS e (id, owner, version, time)",
        "JOIN orders o ON o.id = e.id AND o.account_id = e.owner AND o.version = e.version AND o.updated_at = e.time;",
        "IF found_rows <> cardinality(ids)",
        "THEN RAISE EXCEPTION 'an order has changed' USING ERRCODE = 'serialization_failure'; END IF; END $$",
    )
)
_TYPES = "text, bigint, text, bigint[], uuid[], uuid[], int[], timestamptz[]"


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0049_imports")]

    operations = [ops.RunSQL(_TAKE, f"DROP FUNCTION take_acknowledged({_TYPES})")]
