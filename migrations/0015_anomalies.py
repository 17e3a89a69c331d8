"""Anomalies with their numbered log, what detectors learnt, how they are set, and how far they read."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import UniqueConstraint

from domain.anomalies.types import AnomalyKind
from domain.kernel.ids import new_id
from domain.risk.types import RiskAction, Severity


def _options(table, pk_attr):
    return {"table": table, "app": "tradegraph", "pk_attr": pk_attr}


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0014_held")]

    operations = [
        ops.CreateModel(
            name="AnomalyDetector",
            fields=[
                (
                    "kind",
                    fields.CharEnumField(
                        primary_key=True, unique=True, db_index=True, enum_type=AnomalyKind, max_length=20
                    ),
                ),
                ("enabled", fields.BooleanField()),
                ("sensitivity", fields.FloatField()),
                ("warmup", fields.IntField()),
                ("action", fields.CharEnumField(enum_type=RiskAction, max_length=16)),
            ],
            options=_options("anomaly_detectors", "kind"),
            bases=["Model"],
        ),
        ops.CreateModel(
            name="AnomalyMemory",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("kind", fields.CharEnumField(enum_type=AnomalyKind, max_length=20)),
                ("subject", fields.CharField(max_length=200)),
                ("state", fields.TextField(unique=False)),
            ],
            options=_options("anomaly_memories", "id"),
            bases=["Model"],
        ),
        ops.CreateModel(
            name="AnomalyCursor",
            fields=[
                ("account_id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("sequence", fields.BigIntField()),
            ],
            options=_options("anomaly_cursors", "account_id"),
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Anomaly",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("sequence", fields.BigIntField(unique=True)),
                ("kind", fields.CharEnumField(enum_type=AnomalyKind, max_length=20)),
                ("severity", fields.CharEnumField(enum_type=Severity, max_length=8)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "tradegraph.Account",
                        source_field="account_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="anomalies",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("symbol", fields.CharField(null=True, max_length=40)),
                ("component", fields.CharField(null=True, max_length=100)),
                ("score", fields.FloatField()),
                ("observed", fields.FloatField()),
                ("expected", fields.FloatField(null=True)),
                ("threshold", fields.FloatField()),
                ("explanation", fields.CharField(max_length=1000)),
                ("evidence", fields.TextField(unique=False)),
                ("fingerprint", fields.CharField(db_index=True, max_length=300)),
                ("detected_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ("risk_event_id", fields.UUIDField(null=True)),
            ],
            options=_options("anomalies", "id"),
            bases=["Model"],
        ),
        ops.CreateModel(
            name="AnomalyLogHead",
            fields=[
                ("id", fields.SmallIntField(primary_key=True, unique=True, db_index=True)),
                ("sequence", fields.BigIntField(default=0)),
                ("last_run_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options=_options("anomaly_log_head", "id"),
            bases=["Model"],
        ),
        ops.AddConstraint("AnomalyMemory", UniqueConstraint(fields=("kind", "subject"), name="anomaly_memories_once")),
        ops.RunSQL(
            (
                "INSERT INTO anomaly_log_head (id, sequence) VALUES (1, 0)",
                "CREATE INDEX anomalies_account ON anomalies (account_id, sequence)",
            ),
            ("DROP INDEX anomalies_account", "DELETE FROM anomaly_log_head"),
        ),
    ]
