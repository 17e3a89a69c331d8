"""Rates between currencies: of executions, of what orders hold back, and of a position's last execution."""

from decimal import Decimal

from tortoise import migrations
from tortoise.migrations import operations as ops

from domain.kernel.fields import NumericField


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0004_history")]

    operations = [
        ops.AddField("Execution", "fx_rate", NumericField(default=Decimal(1), db_default=Decimal(1))),
        ops.AddField("Order", "reserve_rate", NumericField(default=Decimal(1), db_default=Decimal(1))),
        ops.AddField("Position", "fx_rate", NumericField(default=Decimal(1), db_default=Decimal(1))),
        # A rate is above zero, or what it converts would be lost.
        ops.RunSQL(
            (
                "ALTER TABLE executions ADD CONSTRAINT executions_rate_positive CHECK (fx_rate > 0)",
                "ALTER TABLE orders ADD CONSTRAINT orders_rate_positive CHECK (reserve_rate > 0)",
                "ALTER TABLE positions ADD CONSTRAINT positions_rate_positive CHECK (fx_rate > 0)",
            ),
            (
                "ALTER TABLE positions DROP CONSTRAINT positions_rate_positive",
                "ALTER TABLE orders DROP CONSTRAINT orders_rate_positive",
                "ALTER TABLE executions DROP CONSTRAINT executions_rate_positive",
            ),
        ),
    ]
