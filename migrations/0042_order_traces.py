"""The spans of the requests that placed orders, while requests are traced."""

from tortoise import migrations
from tortoise.migrations import operations as ops

ORDER_TRACES = (
    "CREATE TABLE order_traces (account_id uuid NOT NULL, order_id uuid NOT NULL, traceparent varchar(55) NOT NULL, "
    "created_at timestamptz NOT NULL, PRIMARY KEY (account_id, order_id))",
    "CREATE INDEX order_traces_age ON order_traces (created_at)",
)


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0041_signs_of_life")]

    operations = [ops.RunSQL(ORDER_TRACES, "DROP TABLE order_traces")]
