"""References and client ids are compared as people read them: without surrounding white space, in form NFKC.

Older releases stored them as they came. Orders get the new form, but for those whose new form another order of the
account has. The ledger is not changed by anybody, so its references are compared by an index over their new form.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

# White space as Python strips it; what NFKC makes of the other spaces is the space.
_SPACES = "E' \\t\\n\\u000b\\f\\r\\u001c\\u001d\\u001e\\u001f\\u0085\\u1680\\u2028\\u2029'"
_IDENTITY = (
    "CREATE FUNCTION client_identity(value text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE "
    f"RETURN btrim(normalize(value, NFKC), {_SPACES})"
)
_ORDERS = """
WITH fresh AS (
  SELECT id, account_id, client_identity(client_order_id) AS name,
    row_number() OVER (PARTITION BY account_id, client_identity(client_order_id) ORDER BY id) AS place
  FROM orders WHERE client_order_id <> client_identity(client_order_id)
)
UPDATE orders o SET client_order_id = f.name FROM fresh f
WHERE o.id = f.id AND f.place = 1 AND f.name <> ''
AND NOT EXISTS (SELECT 1 FROM orders t WHERE t.account_id = f.account_id AND t.client_order_id = f.name)
"""


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0019_exits")]

    operations = [
        ops.RunSQL(
            (
                _IDENTITY,
                "CREATE INDEX account_transactions_identity ON account_transactions "
                "(account_id, client_identity(reference)) WHERE reference IS NOT NULL",
                _ORDERS,
            ),
            ("DROP INDEX account_transactions_identity", "DROP FUNCTION client_identity(text)"),
        ),
    ]
