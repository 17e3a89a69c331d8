"""Tables of the risk area."""

from tortoise import Model, fields
from tortoise.migrations.constraints import CheckConstraint

from domain.access.types import Role
from domain.kernel.fields import NumericField
from domain.kernel.ids import new_id
from domain.risk.types import RiskAction, RiskEventState, RiskRuleKind, RiskScope, SelfTradePrevention, Severity


class RiskRule(Model):
    """One configured limit; read through the cache of the topic ``limits``."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    name = fields.CharField(max_length=100)
    kind = fields.CharEnumField(RiskRuleKind, max_length=30)
    scope = fields.CharEnumField(RiskScope, max_length=12)
    account = fields.ForeignKeyField(
        "tradegraph.Account", related_name="risk_rules", null=True, on_delete=fields.RESTRICT
    )
    symbol = fields.CharField(max_length=40, null=True)
    strategy = fields.CharField(max_length=100, null=True)
    threshold = NumericField(null=True)
    window_seconds = fields.IntField(null=True)
    action = fields.CharEnumField(RiskAction, max_length=16)
    enabled = fields.BooleanField(default=True)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()
    version = fields.IntField(default=1)
    self_trade_prevention = fields.CharEnumField(SelfTradePrevention, max_length=16, null=True)
    created_by = fields.CharField(max_length=254, null=True)
    updated_by = fields.CharField(max_length=254, null=True)

    class Meta:
        table = "risk_rules"
        constraints = [CheckConstraint(check="threshold IS NULL OR threshold >= 0", name="risk_rules_threshold")]


class TradingHalt(Model):
    """A stop of trading; in force until it is lifted, and kept for good.

    Until ``cancels_done``, open orders placed before ``cancels_before`` are being cancelled.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    scope = fields.CharEnumField(RiskScope, max_length=12)
    account = fields.ForeignKeyField(
        "tradegraph.Account", related_name="trading_halts", null=True, on_delete=fields.RESTRICT
    )
    symbol = fields.CharField(max_length=40, null=True)
    strategy = fields.CharField(max_length=100, null=True)
    reason = fields.CharField(max_length=500)
    by = fields.CharField(max_length=254)
    role = fields.CharEnumField(Role, max_length=16, default=Role.RISK_MANAGER, db_default=Role.RISK_MANAGER)
    at = fields.DatetimeField()
    lifted_at = fields.DatetimeField(null=True)
    lifted_by = fields.CharField(max_length=254, null=True)
    lift_reason = fields.CharField(max_length=500, null=True)
    cancels_before = fields.DatetimeField(null=True)
    cancels_done = fields.BooleanField(default=True)

    class Meta:
        table = "trading_halts"


class RiskEvent(Model):
    """An event for risk managers. ``sequence`` numbers them all, without gaps.

    While ``cleared_at`` is empty its cause is active, and the same ``fingerprint`` is not raised again.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    sequence = fields.BigIntField(unique=True)
    account = fields.ForeignKeyField(
        "tradegraph.Account", related_name="risk_events", null=True, on_delete=fields.RESTRICT
    )
    symbol = fields.CharField(max_length=40, null=True)
    order_id = fields.UUIDField(null=True)
    rule_id = fields.UUIDField(null=True)
    source = fields.CharField(max_length=12)
    kind = fields.CharField(max_length=40)
    severity = fields.CharEnumField(Severity, max_length=8)
    message = fields.CharField(max_length=1000)
    observed = NumericField(null=True)
    limit = NumericField(null=True)
    action_taken = fields.CharEnumField(RiskAction, max_length=16, null=True)
    state = fields.CharEnumField(RiskEventState, max_length=12, default=RiskEventState.OPEN)
    acknowledged_by = fields.CharField(max_length=254, null=True)
    note = fields.CharField(max_length=2000, null=True)
    fingerprint = fields.CharField(max_length=200, null=True)
    created_at = fields.DatetimeField()
    cleared_at = fields.DatetimeField(null=True)
    resolved_at = fields.DatetimeField(null=True)

    class Meta:
        table = "risk_events"


class RiskLogHead(Model):
    """One row with the number of the newest event: its lock orders the transactions that raise events."""

    id = fields.SmallIntField(primary_key=True)
    sequence = fields.BigIntField(default=0)

    class Meta:
        table = "risk_log_head"
