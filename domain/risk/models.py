"""Table of the risk area."""

from tortoise import Model, fields
from tortoise.migrations.constraints import CheckConstraint

from domain.kernel.fields import NumericField
from domain.kernel.ids import new_id
from domain.risk.types import RiskAction, RiskRuleKind, RiskScope


class RiskRule(Model):
    """One configured limit; read through the cache of the topic ``risk_rules``."""

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

    class Meta:
        table = "risk_rules"
        constraints = [CheckConstraint(check="threshold IS NULL OR threshold >= 0", name="risk_rules_threshold")]
