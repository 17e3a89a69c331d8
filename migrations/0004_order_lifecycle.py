"""Changes that wait for their venue's answer, what counts of an order in its bucket's sums, and cancel timers."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from domain.kernel.fields import NumericField
from domain.kernel.numbers import ZERO

FILL_WORKING = (
    "UPDATE orders SET working_quantity = quantity - filled_quantity WHERE closed_at IS NULL AND status <> 'HELD'",
)


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0003_events_and_triggers")]

    operations = [
        ops.AddField("Order", "working_quantity", NumericField(default=ZERO)),
        ops.AddField("Order", "pending_changes", fields.TextField(null=True, unique=False)),
        ops.RunSQL(FILL_WORKING, ()),
        ops.CreateModel(
            name="CancelTimer",
            fields=[
                ("account_id", fields.UUIDField(primary_key=True, unique=True, db_index=True)),
                ("triggers_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ("armed_by", fields.CharField(max_length=254)),
            ],
            options={
                "table": "cancel_timers",
                "app": "tradegraph",
                "pk_attr": "account_id",
                "table_description": "A dead man's switch: unless it is set again, all open orders of the account are cancelled at ``triggers_at``.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            (
                "ALTER TABLE cancel_timers ADD CONSTRAINT cancel_timers_account "
                "FOREIGN KEY (account_id) REFERENCES accounts (id)",
            ),
            (),
        ),
    ]
