"""Costs of positions and running totals of orders, from which averages and money are rounded last.

What was booked before was rounded execution by execution, and stays as it was booked: its rows say so, and what they
come to is what was posted.
"""

from decimal import Decimal

from tortoise import fields, migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from domain.kernel.fields import NumericField

ZERO = Decimal(0)
# A quotient has as many decimals as what is divided, at least; a product those of both factors.
_COSTS = """
UPDATE positions AS p SET cost = CASE
    WHEN p.quantity = 0 THEN 0
    WHEN i.inverse THEN round(p.quantity * 1.0000000000000000000000000000000000000000 / p.average_price, 24)
    ELSE p.quantity * p.average_price
  END
FROM instruments i WHERE i.id = p.instrument_id
"""
_ORDERS = """
UPDATE orders AS o SET fee_due = e.fee, tax_due = e.tax
FROM (SELECT order_id, sum(fee) AS fee, sum(tax) AS tax FROM executions WHERE busted_at IS NULL GROUP BY order_id) AS e
WHERE o.id = e.order_id
"""


def _number() -> NumericField:
    return NumericField(default=ZERO, db_default=ZERO)


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0026_attribution")]

    operations = [
        ops.AddField("Position", "cost", _number()),
        ops.AddField("Position", "realized_due", _number()),
        ops.AddField("Order", "trade_due", _number()),
        ops.AddField("Order", "fee_due", _number()),
        ops.AddField("Order", "fee_minimum", _number()),
        ops.AddField("Order", "tax_due", _number()),
        ops.AddField("Execution", "fee_due", _number()),
        ops.AddField("Execution", "fee_minimum", _number()),
        ops.AddField("Execution", "tax_due", _number()),
        ops.AddField("Execution", "withheld", _number()),
        ops.AddField("Execution", "venue_fee", NumericField(null=True)),
        ops.AddField("Execution", "venue_fee_currency", fields.CharField(max_length=40, null=True)),
        ops.AddField("Execution", "rounded_alone", fields.BooleanField(default=False, db_default=False)),
        # A taker may be paid a rebate, too.
        ops.RemoveConstraint("Instrument", name="instruments_fees"),
        ops.AddConstraint(
            "Instrument",
            CheckConstraint(
                check="maker_rate BETWEEN -1 AND 1 AND taker_rate BETWEEN -1 AND 1 AND fee_per_unit >= 0 "
                "AND fee_minimum >= 0 AND sell_tax_rate BETWEEN 0 AND 1",
                name="instruments_fees",
            ),
        ),
        ops.RunSQL(
            (
                "ALTER TABLE position_adjustments ADD COLUMN rounded_alone boolean NOT NULL DEFAULT true",
                "ALTER TABLE position_adjustments ALTER COLUMN rounded_alone DROP DEFAULT",
                "UPDATE executions SET fee_due = fee, tax_due = tax, rounded_alone = true",
                _ORDERS,
                _COSTS,
            ),
            ("ALTER TABLE position_adjustments DROP COLUMN rounded_alone",),
        ),
    ]
