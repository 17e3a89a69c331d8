"""Cases of anomalies with their numbered steps, and what people dismissed."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from domain.anomalies.cases.types import CaseEventKind, CaseStatus, Disposition
from domain.anomalies.types import AnomalyKind
from domain.kernel.ids import new_id
from domain.risk.types import Severity


def _options(table, pk_attr):
    return {"table": table, "app": "tradegraph", "pk_attr": pk_attr}


def _reference(model, name, related_name, *, null=False):
    return fields.ForeignKeyField(
        f"tradegraph.{model}",
        source_field=f"{name}_id",
        null=null,
        db_constraint=True,
        to_field="id",
        related_name=related_name,
        on_delete=OnDelete.RESTRICT,
    )


def _id():
    return fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)


def _moment(*, null=False):
    return fields.DatetimeField(null=null, auto_now=False, auto_now_add=False)


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0031_held_by")]

    operations = [
        ops.CreateModel(
            name="AnomalyCase",
            fields=[
                ("id", _id()),
                ("number", fields.BigIntField(unique=True)),
                ("kind", fields.CharEnumField(enum_type=AnomalyKind, max_length=20)),
                ("symbol", fields.CharField(null=True, max_length=40)),
                ("component", fields.CharField(null=True, max_length=100)),
                ("account_ids", fields.TextField(unique=False)),
                ("linked_ids", fields.TextField(unique=False)),
                ("severity", fields.CharEnumField(enum_type=Severity, max_length=8)),
                ("score", fields.FloatField()),
                ("finding_count", fields.IntField()),
                ("status", fields.CharEnumField(enum_type=CaseStatus, max_length=8)),
                ("assignee", fields.CharField(null=True, max_length=254)),
                ("disposition", fields.CharEnumField(null=True, enum_type=Disposition, max_length=9)),
                ("note", fields.CharField(null=True, max_length=2000)),
                ("opened_at", _moment()),
                ("found_at", _moment()),
                ("updated_at", _moment()),
                ("closed_at", _moment(null=True)),
                ("version", fields.IntField()),
            ],
            options=_options("anomaly_cases", "id"),
            bases=["Model"],
        ),
        ops.CreateModel(
            name="AnomalyCaseEvent",
            fields=[
                ("sequence", fields.BigIntField(generated=False, primary_key=True, unique=True, db_index=True)),
                ("case", _reference("AnomalyCase", "case", "events")),
                ("kind", fields.CharEnumField(enum_type=CaseEventKind, max_length=9)),
                ("at", _moment()),
                ("by", fields.CharField(max_length=254)),
                ("note", fields.CharField(null=True, max_length=2000)),
                ("anomaly_id", fields.UUIDField(null=True)),
                ("snapshot", fields.TextField(unique=False)),
            ],
            options=_options("anomaly_case_events", "sequence"),
            bases=["Model"],
        ),
        ops.CreateModel(
            name="AnomalyCaseHead",
            fields=[
                ("id", fields.SmallIntField(primary_key=True, unique=True, db_index=True)),
                ("sequence", fields.BigIntField(default=0)),
                ("number", fields.BigIntField(default=0)),
            ],
            options=_options("anomaly_case_head", "id"),
            bases=["Model"],
        ),
        ops.CreateModel(
            name="AnomalyDismissal",
            fields=[
                ("id", _id()),
                ("kind", fields.CharEnumField(enum_type=AnomalyKind, max_length=20)),
                ("subject", fields.CharField(max_length=200)),
                ("account", _reference("Account", "account", "anomaly_dismissals", null=True)),
                ("symbol", fields.CharField(null=True, max_length=40)),
                ("component", fields.CharField(null=True, max_length=100)),
                ("max_score", fields.FloatField()),
                ("case", _reference("AnomalyCase", "case", "dismissals")),
                ("by", fields.CharField(max_length=254)),
                ("note", fields.CharField(max_length=2000)),
                ("at", _moment()),
                ("suppressed", fields.BigIntField(default=0)),
                ("last_suppressed_at", _moment(null=True)),
            ],
            options=_options("anomaly_dismissals", "id"),
            bases=["Model"],
        ),
        ops.AddField("Anomaly", "case", _reference("AnomalyCase", "case", "anomalies", null=True)),
        ops.AddConstraint(
            "AnomalyCase",
            CheckConstraint(
                check="(status IN ('DECIDED', 'CLOSED')) = (disposition IS NOT NULL)", name="anomaly_cases_decided"
            ),
        ),
        ops.AddConstraint(
            "AnomalyCase",
            CheckConstraint(check="(status = 'CLOSED') = (closed_at IS NOT NULL)", name="anomaly_cases_closed"),
        ),
        ops.AddConstraint(
            "AnomalyDismissal", UniqueConstraint(fields=("kind", "subject"), name="anomaly_dismissals_once")
        ),
        ops.RunSQL(
            (
                "INSERT INTO anomaly_case_head (id, sequence, number) VALUES (1, 0, 0)",
                "CREATE INDEX anomalies_case ON anomalies (case_id, sequence)",
                "CREATE INDEX anomaly_cases_open ON anomaly_cases (kind, found_at) WHERE status <> 'CLOSED'",
                "CREATE INDEX anomaly_case_events_case ON anomaly_case_events (case_id, sequence)",
                "CREATE TRIGGER anomaly_case_events_append_only BEFORE UPDATE OR DELETE ON anomaly_case_events "
                "FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only()",
                # Few blocks hold a span of time: what was done in it is found without an entry for each event.
                "CREATE INDEX account_events_at ON account_events USING brin (at) WITH (autosummarize = on)",
            ),
            (
                "DROP INDEX account_events_at",
                "DROP TRIGGER anomaly_case_events_append_only ON anomaly_case_events",
                "DROP INDEX anomaly_case_events_case",
                "DROP INDEX anomaly_cases_open",
                "DROP INDEX anomalies_case",
                "DELETE FROM anomaly_case_head",
            ),
        ),
    ]
