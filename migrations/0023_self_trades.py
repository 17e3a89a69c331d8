"""What a SELF_TRADE rule does: refuse the newer order, or cancel the older one."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from domain.risk.types import SelfTradePrevention

_EXISTING = "UPDATE risk_rules SET self_trade_prevention = 'CANCEL_NEWEST' WHERE kind = 'SELF_TRADE'"


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0022_late_quotes")]

    operations = [
        ops.AddField(
            "RiskRule",
            "self_trade_prevention",
            fields.CharEnumField(enum_type=SelfTradePrevention, max_length=16, null=True),
        ),
        ops.RunSQL(_EXISTING, "SELECT 1"),
    ]
