"""Halts, risk events with their numbered log, what limits count of a day's orders, and the peak of equity."""

from decimal import Decimal

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import UniqueConstraint

from domain.kernel.fields import NumericField
from domain.kernel.ids import new_id
from domain.risk.types import RiskAction, RiskEventState, RiskRuleKind, RiskScope, Severity


def _account(related_name, null):
    return fields.ForeignKeyField(
        "tradegraph.Account",
        source_field="account_id",
        null=null,
        db_constraint=True,
        to_field="id",
        related_name=related_name,
        on_delete=OnDelete.RESTRICT,
    )


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0012_venue_order_ids")]

    operations = [
        ops.AddField("Account", "peak_equity", NumericField(default=Decimal(0), db_default=Decimal(0))),
        # The columns stay as they are; their comments name the kinds and actions that are new.
        ops.AlterField("RiskRule", "kind", fields.CharEnumField(enum_type=RiskRuleKind, max_length=30)),
        ops.AlterField("RiskRule", "action", fields.CharEnumField(enum_type=RiskAction, max_length=16)),
        ops.CreateModel(
            name="TradingHalt",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("scope", fields.CharEnumField(enum_type=RiskScope, max_length=12)),
                ("account", _account("trading_halts", null=True)),
                ("symbol", fields.CharField(null=True, max_length=40)),
                ("strategy", fields.CharField(null=True, max_length=100)),
                ("reason", fields.CharField(max_length=500)),
                ("by", fields.CharField(max_length=254)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("lifted_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("lifted_by", fields.CharField(null=True, max_length=254)),
                ("lift_reason", fields.CharField(null=True, max_length=500)),
                ("cancels_before", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("cancels_done", fields.BooleanField(default=True)),
            ],
            options={
                "table": "trading_halts",
                "app": "tradegraph",
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RiskEvent",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("sequence", fields.BigIntField(unique=True)),
                ("account", _account("risk_events", null=True)),
                ("symbol", fields.CharField(null=True, max_length=40)),
                ("order_id", fields.UUIDField(null=True)),
                ("rule_id", fields.UUIDField(null=True)),
                ("source", fields.CharField(max_length=12)),
                ("kind", fields.CharField(max_length=40)),
                ("severity", fields.CharEnumField(enum_type=Severity, max_length=8)),
                ("message", fields.CharField(max_length=1000)),
                ("observed", NumericField(generated=False, null=True, unique=False)),
                ("limit", NumericField(generated=False, null=True, unique=False)),
                ("action_taken", fields.CharEnumField(null=True, enum_type=RiskAction, max_length=16)),
                (
                    "state",
                    fields.CharEnumField(default=RiskEventState.OPEN, enum_type=RiskEventState, max_length=12),
                ),
                ("acknowledged_by", fields.CharField(null=True, max_length=254)),
                ("note", fields.CharField(null=True, max_length=2000)),
                ("fingerprint", fields.CharField(null=True, max_length=200)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("cleared_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("resolved_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "risk_events",
                "app": "tradegraph",
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RiskLogHead",
            fields=[
                ("id", fields.SmallIntField(primary_key=True, unique=True, db_index=True)),
                ("sequence", fields.BigIntField(default=0)),
            ],
            options={
                "table": "risk_log_head",
                "app": "tradegraph",
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="OrderDay",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("account", _account("order_days", null=False)),
                ("symbol", fields.CharField(max_length=40)),
                ("strategy", fields.CharField(max_length=100)),
                ("since", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("orders", fields.BigIntField()),
                ("notional", NumericField(generated=False, null=False, unique=False)),
            ],
            options={
                "table": "order_days",
                "app": "tradegraph",
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.AddConstraint(
            "OrderDay", UniqueConstraint(fields=("account_id", "symbol", "strategy"), name="order_days_once")
        ),
        ops.RunSQL(
            (
                "INSERT INTO risk_log_head (id, sequence) VALUES (1, 0)",
                # What goes on is raised once, and looked up whenever it may be raised again.
                "CREATE UNIQUE INDEX risk_events_going_on ON risk_events (fingerprint) "
                "WHERE fingerprint IS NOT NULL AND cleared_at IS NULL",
                "CREATE INDEX risk_events_account ON risk_events (account_id, sequence)",
                "CREATE INDEX trading_halts_active ON trading_halts (id) WHERE lifted_at IS NULL",
                "CREATE INDEX trading_halts_unfinished ON trading_halts (id) WHERE NOT cancels_done",
            ),
            (
                "DROP INDEX trading_halts_unfinished",
                "DROP INDEX trading_halts_active",
                "DROP INDEX risk_events_account",
                "DROP INDEX risk_events_going_on",
                "DELETE FROM risk_log_head",
            ),
        ),
    ]
