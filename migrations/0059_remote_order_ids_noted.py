"""The ids of real venues that were stored before, account by account beside running processes."""

from tortoise import migrations
from tortoise.migrations import operations as ops

_MISSING = "venue <> 'paper' AND venue_order_id IS NOT NULL AND remote_order_id IS NULL"
# Each account is locked as whoever writes its orders locks it, and by itself.
_NOTE = f"""
DO $$ DECLARE owner uuid; BEGIN
FOR owner IN SELECT DISTINCT account_id FROM orders WHERE {_MISSING} LOOP
  PERFORM 1 FROM accounts WHERE id = owner FOR UPDATE;
  UPDATE orders SET remote_order_id = venue_order_id WHERE account_id = owner AND {_MISSING};
  COMMIT;
END LOOP; END $$
"""  # noqa: S608  constants


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0058_remote_order_ids")]
    atomic = False

    operations = [ops.RunSQL(_NOTE, "SELECT 1")]
