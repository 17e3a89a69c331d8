"""Tables of the order area."""

from tortoise import Model, fields
from tortoise.fields.base import Field
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from domain.access.types import Role
from domain.kernel.fields import NumericField
from domain.kernel.ids import new_id
from domain.kernel.numbers import ONE, ZERO
from domain.orders.model.types import (
    Contingency,
    Liquidity,
    OffsetKind,
    OrderStatus,
    OrderType,
    PendingAction,
    PositionEffect,
    RejectReason,
    Side,
    TimeInForce,
    TriggerPrice,
)


class TextArrayField(Field[list], list):  # type: ignore[type-arg,misc]  # the ORM wants both bases, bare
    """A PostgreSQL array of text."""

    SQL_TYPE = "TEXT[]"
    field_type = list


class Order(Model):
    """An order with its whole state. ``request_digest`` distinguishes a repeat from other content under the same id."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    account = fields.ForeignKeyField("tradegraph.Account", related_name="orders", on_delete=fields.RESTRICT)
    instrument = fields.ForeignKeyField("tradegraph.Instrument", related_name="orders", on_delete=fields.RESTRICT)
    client_order_id = fields.CharField(max_length=64)
    request_digest = fields.BinaryField()
    venue = fields.CharField(max_length=40)
    side = fields.CharEnumField(Side, max_length=4)
    type = fields.CharEnumField(OrderType, max_length=20)
    time_in_force = fields.CharEnumField(TimeInForce, max_length=3)
    position_effect = fields.CharEnumField(PositionEffect, max_length=11)
    quantity = NumericField()
    limit_price = NumericField(null=True)
    stop_price = NumericField(null=True)
    trailing_offset = NumericField(null=True)
    trailing_offset_kind = fields.CharEnumField(OffsetKind, max_length=12, null=True)
    limit_offset = NumericField(null=True)
    activation_price = NumericField(null=True)
    trigger_price = fields.CharEnumField(TriggerPrice, max_length=7)
    post_only = fields.BooleanField(default=False)
    reduce_only = fields.BooleanField(default=False)
    expires_at = fields.DatetimeField(null=True)
    works_until = fields.DatetimeField(null=True)
    status = fields.CharEnumField(OrderStatus, max_length=16)
    filled_quantity = NumericField(default=ZERO)
    filled_value = NumericField(default=ZERO)
    average_price = NumericField(null=True)
    execution_count = fields.IntField(default=0)
    fees = NumericField(default=ZERO)
    reserved = NumericField(default=ZERO)
    reserved_margin = NumericField(default=ZERO)
    reserved_fee = NumericField(default=ZERO)
    reserve_price = NumericField(null=True)
    arrival_price = NumericField(null=True)
    strategy = fields.CharField(max_length=100, null=True)
    tags = TextArrayField()
    contingency = fields.CharEnumField(Contingency, max_length=4, default=Contingency.NONE)
    parent_id = fields.UUIDField(null=True)
    group_id = fields.UUIDField(null=True)
    pending_action = fields.CharEnumField(PendingAction, max_length=8, null=True)
    reject_reason = fields.CharEnumField(RejectReason, max_length=32, null=True)
    reject_message = fields.CharField(max_length=1000, null=True)
    venue_order_id = fields.CharField(max_length=100, null=True)
    venue_sequence = fields.BigIntField(default=0)
    activated = fields.BooleanField(default=False)
    violations = fields.TextField(default="[]")
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()
    triggered_at = fields.DatetimeField(null=True)
    closed_at = fields.DatetimeField(null=True)
    version = fields.IntField(default=1)
    reserved_quantity = NumericField(default=ZERO)
    pending_changes = fields.TextField(null=True)
    reserve_rate = NumericField(default=ONE, db_default=ONE)
    placed_by = fields.CharField(max_length=254, null=True)
    placed_key = fields.UUIDField(null=True)
    placed_from = fields.CharField(max_length=64, null=True)
    request_id = fields.UUIDField(null=True)
    trade_due = NumericField(default=ZERO, db_default=ZERO)
    fee_due = NumericField(default=ZERO, db_default=ZERO)
    fee_minimum = NumericField(default=ZERO, db_default=ZERO)
    tax_due = NumericField(default=ZERO, db_default=ZERO)
    # The id that a real venue gave it; a trigger copies it from ``venue_order_id``, which has no index.
    remote_order_id = fields.CharField(max_length=100, null=True)

    class Meta:
        table = "orders"
        indexes = [Index(fields=("placed_by", "id"), name="orders_placed_by")]
        constraints = [
            UniqueConstraint(fields=("client_order_id", "account_id"), name="orders_client_order_id"),
            CheckConstraint(check="quantity > 0", name="orders_quantity_positive"),
            CheckConstraint(check="filled_quantity >= 0", name="orders_filled_not_negative"),
            CheckConstraint(check="reserved >= 0", name="orders_reserved_not_negative"),
        ]


class Execution(Model):
    """One fill. ``at_nanos`` is the venue's time to the nanosecond, ``sequence`` that of its event in the account."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    order = fields.ForeignKeyField("tradegraph.Order", related_name="executions", on_delete=fields.RESTRICT)
    account = fields.ForeignKeyField("tradegraph.Account", related_name="executions", on_delete=fields.RESTRICT)
    instrument = fields.ForeignKeyField("tradegraph.Instrument", related_name="executions", on_delete=fields.RESTRICT)
    venue_execution_id = fields.CharField(max_length=100)
    sequence = fields.BigIntField()
    side = fields.CharEnumField(Side, max_length=4)
    position_effect = fields.CharEnumField(PositionEffect, max_length=11)
    price = NumericField()
    quantity = NumericField()
    fee = NumericField()
    tax = NumericField()
    realized_pnl = NumericField()
    liquidity = fields.CharEnumField(Liquidity, max_length=5)
    at_nanos = fields.BigIntField()
    busted_at = fields.DatetimeField(null=True)
    corrected_by_id = fields.UUIDField(null=True)
    created_at = fields.DatetimeField()
    fx_rate = NumericField(default=ONE, db_default=ONE)
    busted_by = fields.CharField(max_length=254, null=True)
    fee_due = NumericField(default=ZERO, db_default=ZERO)
    fee_minimum = NumericField(default=ZERO, db_default=ZERO)
    tax_due = NumericField(default=ZERO, db_default=ZERO)
    withheld = NumericField(default=ZERO, db_default=ZERO)
    venue_fee = NumericField(null=True)
    venue_fee_currency = fields.CharField(max_length=40, null=True)
    rounded_alone = fields.BooleanField(default=False, db_default=False)

    class Meta:
        table = "executions"
        constraints = [
            UniqueConstraint(fields=("order_id", "venue_execution_id", "account_id"), name="executions_once"),
            CheckConstraint(check="quantity > 0", name="executions_quantity_positive"),
        ]


class VenueCommand(Model):
    """A command to a venue; written with the order, removed with the answer.

    The payload of a SUBMIT names the orders of a group, that of a REPLACE holds the changes; both are JSON.
    """

    id = fields.BigIntField(primary_key=True)
    venue = fields.CharField(max_length=40)
    kind = fields.CharField(max_length=10)
    order = fields.ForeignKeyField("tradegraph.Order", related_name="commands", on_delete=fields.RESTRICT)
    account_id = fields.UUIDField()
    payload = fields.TextField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "venue_commands"


class CancelTimer(Model):
    """A dead man's switch: unless it is renewed, all open orders of the account are cancelled at ``triggers_at``."""

    account_id = fields.UUIDField(primary_key=True)
    triggers_at = fields.DatetimeField(db_index=True)
    armed_by = fields.CharField(max_length=254)
    role = fields.CharEnumField(Role, max_length=16, default=Role.TRADER, db_default=Role.TRADER)

    class Meta:
        table = "cancel_timers"


class OrderDay(Model):
    """Accepted orders of an account since its day roll (``since``), by symbol and strategy (empty: none)."""

    id = fields.BigIntField(primary_key=True)
    account = fields.ForeignKeyField("tradegraph.Account", related_name="order_days", on_delete=fields.RESTRICT)
    symbol = fields.CharField(max_length=40)
    strategy = fields.CharField(max_length=100)
    since = fields.DatetimeField()
    orders = fields.BigIntField()
    notional = NumericField()

    class Meta:
        table = "order_days"
        constraints = [UniqueConstraint(fields=("account_id", "symbol", "strategy"), name="order_days_once")]


class OpenOrderCount(Model):
    """The number of open orders of an account, by instrument and strategy (empty: none); triggers maintain it."""

    id = fields.BigIntField(primary_key=True)
    account = fields.ForeignKeyField("tradegraph.Account", related_name="open_order_counts", on_delete=fields.RESTRICT)
    instrument = fields.ForeignKeyField(
        "tradegraph.Instrument", related_name="open_order_counts", on_delete=fields.RESTRICT
    )
    strategy = fields.CharField(max_length=100)
    orders = fields.BigIntField()

    class Meta:
        table = "open_order_counts"
        constraints = [
            UniqueConstraint(fields=("account_id", "instrument_id", "strategy"), name="open_order_counts_once")
        ]
