"""Tables of the anomalies area."""

from tortoise import Model, fields
from tortoise.migrations.constraints import UniqueConstraint

from domain.anomalies.types import AnomalyKind
from domain.kernel.ids import new_id
from domain.risk.types import RiskAction, Severity


class AnomalyDetector(Model):
    """The setting of a detector; a kind without a row has the default of the code."""

    kind = fields.CharEnumField(AnomalyKind, max_length=20, primary_key=True)
    enabled = fields.BooleanField()
    sensitivity = fields.FloatField()
    warmup = fields.IntField()
    action = fields.CharEnumField(RiskAction, max_length=16)

    class Meta:
        table = "anomaly_detectors"


class AnomalyMemory(Model):
    """A detector's memory of one subject, as JSON."""

    id = fields.BigIntField(primary_key=True)
    kind = fields.CharEnumField(AnomalyKind, max_length=20)
    subject = fields.CharField(max_length=200)
    state = fields.TextField()

    class Meta:
        table = "anomaly_memories"
        constraints = [UniqueConstraint(fields=("kind", "subject"), name="anomaly_memories_once")]


class AnomalyCursor(Model):
    """The position up to which the events of an account were read."""

    account_id = fields.UUIDField(primary_key=True)
    sequence = fields.BigIntField()

    class Meta:
        table = "anomaly_cursors"


class Anomaly(Model):
    """A reported finding. ``sequence`` numbers them all, without gaps."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    sequence = fields.BigIntField(unique=True)
    kind = fields.CharEnumField(AnomalyKind, max_length=20)
    severity = fields.CharEnumField(Severity, max_length=8)
    account = fields.ForeignKeyField(
        "tradegraph.Account", related_name="anomalies", null=True, on_delete=fields.RESTRICT
    )
    symbol = fields.CharField(max_length=40, null=True)
    component = fields.CharField(max_length=100, null=True)
    score = fields.FloatField()
    observed = fields.FloatField()
    expected = fields.FloatField(null=True)
    threshold = fields.FloatField()
    explanation = fields.CharField(max_length=1000)
    evidence = fields.TextField()
    fingerprint = fields.CharField(max_length=300, db_index=True)
    detected_at = fields.DatetimeField(db_index=True)
    risk_event_id = fields.UUIDField(null=True)
    case = fields.ForeignKeyField(
        "tradegraph.AnomalyCase", related_name="anomalies", null=True, on_delete=fields.RESTRICT
    )

    class Meta:
        table = "anomalies"


class AnomalyLogHead(Model):
    """One row: the number of the newest anomaly and the time of the last run. Its lock allows one run at a time."""

    id = fields.SmallIntField(primary_key=True)
    sequence = fields.BigIntField(default=0)
    last_run_at = fields.DatetimeField(null=True)

    class Meta:
        table = "anomaly_log_head"
