"""Table of the position area."""

from tortoise import Model, fields
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from domain.kernel.fields import NumericField
from domain.kernel.ids import new_id
from domain.kernel.numbers import ONE, ZERO
from domain.positions.types import Bucket


class Position(Model):
    """An account's position in an instrument and bucket, with the quantities of its working orders.

    A row is made with the first order, so ``opened_at`` is null until the first fill.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    account = fields.ForeignKeyField("tradegraph.Account", related_name="positions", on_delete=fields.RESTRICT)
    instrument = fields.ForeignKeyField("tradegraph.Instrument", related_name="positions", on_delete=fields.RESTRICT)
    bucket = fields.CharEnumField(Bucket, max_length=5)
    quantity = NumericField(default=ZERO)
    average_price = NumericField(default=ZERO)
    realized_pnl = NumericField(default=ZERO)
    fees_paid = NumericField(default=ZERO)
    today_quantity = NumericField(default=ZERO)
    held_quantity = NumericField(default=ZERO)
    held_risk = NumericField(default=ZERO, db_default=ZERO)
    held_admin = NumericField(default=ZERO, db_default=ZERO)
    working_buy = NumericField(default=ZERO)
    working_sell = NumericField(default=ZERO)
    exit_buy = NumericField(default=ZERO, db_default=ZERO)
    exit_sell = NumericField(default=ZERO, db_default=ZERO)
    working_buy_margin = NumericField(default=ZERO)
    working_sell_margin = NumericField(default=ZERO)
    working_fees = NumericField(default=ZERO)
    reserved = NumericField(default=ZERO)
    fx_rate = NumericField(default=ONE, db_default=ONE)
    cost = NumericField(default=ZERO, db_default=ZERO)
    realized_due = NumericField(default=ZERO, db_default=ZERO)
    opened_at = fields.DatetimeField(null=True)
    closed_at = fields.DatetimeField(null=True)
    updated_at = fields.DatetimeField()
    held_by = fields.CharField(max_length=254, null=True)
    held_risk_by = fields.CharField(max_length=254, null=True)
    held_admin_by = fields.CharField(max_length=254, null=True)

    class Meta:
        table = "positions"
        constraints = [
            UniqueConstraint(fields=("account_id", "instrument_id", "bucket"), name="positions_bucket"),
            CheckConstraint(
                check="working_buy >= 0 AND working_sell >= 0 AND held_quantity >= 0 AND reserved >= 0",
                name="positions_not_negative",
            ),
            CheckConstraint(
                check="held_risk >= 0 AND held_admin >= 0 AND held_risk + held_admin <= held_quantity",
                name="positions_holds",
            ),
            CheckConstraint(
                check="(bucket <> 'LONG' OR quantity >= 0) AND (bucket <> 'SHORT' OR quantity <= 0)",
                name="positions_bucket_side",
            ),
        ]
