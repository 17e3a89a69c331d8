"""Tables of the market area: instruments, their newest quotes, and the recorder's position in the stream.

Times from exchanges are whole nanoseconds (``at`` of a quote). Rows are read and written in sets (``queries``,
``recording``), never one by one. ``bars`` is kept by interval and month, which the ORM does not know: see the
migrations.
"""

from tortoise import Model, fields
from tortoise.migrations.constraints import CheckConstraint

from domain.kernel.fields import NumericField
from domain.kernel.ids import new_id
from domain.kernel.numbers import ZERO
from domain.market.actions import CorporateActionKind
from domain.market.types import AssetClass, SettlementCycle


class Instrument(Model):
    """The terms of one contract."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    symbol = fields.CharField(max_length=40, unique=True)
    name = fields.CharField(max_length=120)
    exchange = fields.CharField(max_length=20)
    asset_class = fields.CharEnumField(AssetClass, max_length=12)
    currency = fields.CharField(max_length=10)
    tick_size = NumericField()
    lot_size = NumericField()
    min_quantity = NumericField()
    max_quantity = NumericField(null=True)
    min_notional = NumericField(null=True)
    multiplier = NumericField()
    inverse = fields.BooleanField()
    initial_margin_rate = NumericField()
    maintenance_margin_rate = NumericField()
    maker_rate = NumericField()
    taker_rate = NumericField()
    fee_per_unit = NumericField()
    fee_minimum = NumericField()
    sell_tax_rate = NumericField()
    settlement_cycle = fields.CharEnumField(SettlementCycle, max_length=4)
    price_limit_rate = NumericField(null=True)
    shortable = fields.BooleanField()
    tradable = fields.BooleanField()
    calendar = fields.CharField(max_length=20)
    funding_rate = NumericField(default=ZERO, db_default=ZERO)
    borrow_rate = NumericField(default=ZERO, db_default=ZERO)
    venue_symbol = fields.CharField(max_length=40, null=True)
    funding_hours = fields.CharField(max_length=80, default="", db_default="")
    funding_since = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "instruments"
        constraints = (
            CheckConstraint(check="symbol <> ''", name="instruments_symbol_given"),
            CheckConstraint(
                check="tick_size > 0 AND lot_size > 0 AND multiplier > 0", name="instruments_grid_positive"
            ),
            CheckConstraint(
                check="min_quantity > 0 AND (max_quantity IS NULL OR max_quantity >= min_quantity) "
                "AND (min_notional IS NULL OR min_notional >= 0)",
                name="instruments_quantity_range",
            ),
            CheckConstraint(
                check="maintenance_margin_rate > 0 AND initial_margin_rate >= maintenance_margin_rate "
                "AND initial_margin_rate <= 1",
                name="instruments_margin_rates",
            ),
            CheckConstraint(
                check="maker_rate BETWEEN -1 AND 1 AND taker_rate BETWEEN -1 AND 1 AND fee_per_unit >= 0 "
                "AND fee_minimum >= 0 AND sell_tax_rate BETWEEN 0 AND 1",
                name="instruments_fees",
            ),
            CheckConstraint(
                check="price_limit_rate IS NULL OR (price_limit_rate > 0 AND price_limit_rate <= 1)",
                name="instruments_price_limit",
            ),
            CheckConstraint(
                check="funding_rate BETWEEN -1 AND 1 AND borrow_rate BETWEEN 0 AND 10", name="instruments_carry_rates"
            ),
        )


class Quote(Model):
    """The newest quote of an instrument, so that a restarted process has last price and previous close."""

    instrument: fields.OneToOneRelation[Instrument] = fields.OneToOneField(
        "tradegraph.Instrument", related_name=False, primary_key=True, on_delete=fields.OnDelete.RESTRICT
    )
    at = fields.BigIntField()
    bid = NumericField(null=True)
    ask = NumericField(null=True)
    bid_size = NumericField(null=True)
    ask_size = NumericField(null=True)
    # The ORM keeps the name "last" for itself.
    last_price = NumericField(null=True, source_field="last")
    last_size = NumericField(null=True)
    volume = NumericField(null=True)
    previous_close = NumericField(null=True)
    # The instant that its age counts from: its own time, or its receipt.
    counts_from = fields.BigIntField()
    # Who said it, and the newest times that each source of the symbol has told (``domain.market.clocks``).
    source = fields.CharField(max_length=60, default="", db_default="")
    clocks = fields.TextField(default="{}", db_default="{}")
    came_stale = fields.BooleanField(default=False, db_default=False)

    class Meta:
        table = "quotes"
        constraints = (
            CheckConstraint(
                check="COALESCE(bid_size, 0) >= 0 AND COALESCE(ask_size, 0) >= 0 AND COALESCE(last_size, 0) >= 0 "
                "AND COALESCE(volume, 0) >= 0",
                name="quotes_sizes",
            ),
        )


class Calendar(Model):
    """A calendar that people created, in the plain form of ``domain.market.session_rules``."""

    code = fields.CharField(max_length=20, primary_key=True)
    rule = fields.TextField()
    created_by = fields.CharField(max_length=254)
    created_at = fields.DatetimeField()

    class Meta:
        table = "calendars"


class CorporateAction(Model):
    """A recorded corporate action. ``effective_at`` is the day roll with which the market took it."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    instrument: fields.ForeignKeyRelation[Instrument] = fields.ForeignKeyField(
        "tradegraph.Instrument", related_name="actions", on_delete=fields.RESTRICT
    )
    symbol = fields.CharField(max_length=40)
    kind = fields.CharEnumField(CorporateActionKind, max_length=16)
    ex_date = fields.DateField()
    ratio = NumericField(null=True)
    amount_per_unit = NumericField(null=True)
    new_symbol = fields.CharField(max_length=40, null=True)
    recorded_by = fields.CharField(max_length=254)
    created_at = fields.DatetimeField()
    effective_at = fields.DatetimeField(null=True)
    applied_at = fields.DatetimeField(null=True)
    accounts_affected = fields.IntField(default=0)

    class Meta:
        table = "corporate_actions"


class MarketDay(Model):
    """A day that the market has closed, with the day roll of ``moment``."""

    moment = fields.DatetimeField(primary_key=True)
    day = fields.DateField(unique=True)
    closed_at = fields.DatetimeField()
    restated = fields.TextField(null=True)

    class Meta:
        table = "market_days"


class TickPosition(Model):
    """The position in the tick stream up to which a consumer has stored its results."""

    consumer = fields.CharField(max_length=40, primary_key=True)
    position = fields.CharField(max_length=48)

    class Meta:
        table = "tick_positions"
