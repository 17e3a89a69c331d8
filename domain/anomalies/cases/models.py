"""Tables of cases."""

from tortoise import Model, fields
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from domain.anomalies.cases.types import CaseEventKind, CaseStatus, Disposition
from domain.anomalies.types import AnomalyKind
from domain.kernel.ids import new_id
from domain.risk.types import Severity


class AnomalyCase(Model):
    """Findings that belong together; the findings name it. Its lists of accounts, and their shares, are JSON."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    number = fields.BigIntField(unique=True)
    kind = fields.CharEnumField(AnomalyKind, max_length=20)
    symbol = fields.CharField(max_length=40, null=True)
    component = fields.CharField(max_length=100, null=True)
    account_ids = fields.TextField()
    linked_ids = fields.TextField()
    severity = fields.CharEnumField(Severity, max_length=8)
    score = fields.FloatField()
    finding_count = fields.IntField()
    status = fields.CharEnumField(CaseStatus, max_length=8)
    assignee = fields.CharField(max_length=254, null=True)
    disposition = fields.CharEnumField(Disposition, max_length=9, null=True)
    note = fields.CharField(max_length=2000, null=True)
    opened_at = fields.DatetimeField()
    found_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()
    closed_at = fields.DatetimeField(null=True)
    version = fields.IntField()
    shares = fields.TextField(default="[]", db_default="[]")

    class Meta:
        table = "anomaly_cases"
        constraints = [
            CheckConstraint(
                check="(status IN ('DECIDED', 'CLOSED')) = (disposition IS NOT NULL)", name="anomaly_cases_decided"
            ),
            CheckConstraint(check="(status = 'CLOSED') = (closed_at IS NOT NULL)", name="anomaly_cases_closed"),
        ]


class AnomalyCaseEvent(Model):
    """A step of a case, with the case after it as JSON. Steps of all cases are numbered without gaps."""

    sequence = fields.BigIntField(primary_key=True, generated=False)
    case = fields.ForeignKeyField("tradegraph.AnomalyCase", related_name="events", on_delete=fields.RESTRICT)
    kind = fields.CharEnumField(CaseEventKind, max_length=9)
    at = fields.DatetimeField()
    by = fields.CharField(max_length=254)
    note = fields.CharField(max_length=2000, null=True)
    anomaly_id = fields.UUIDField(null=True)
    account_id = fields.UUIDField(null=True)
    snapshot = fields.TextField()

    class Meta:
        table = "anomaly_case_events"


class AnomalyCaseHead(Model):
    """One row: the numbers of the newest step and of the newest case. Every change of a case locks it first."""

    id = fields.SmallIntField(primary_key=True)
    sequence = fields.BigIntField(default=0)
    number = fields.BigIntField(default=0)

    class Meta:
        table = "anomaly_case_head"


class AnomalyDismissal(Model):
    """A pattern that is no longer reported; ``subject`` is its account, symbol and component as one text."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    kind = fields.CharEnumField(AnomalyKind, max_length=20)
    subject = fields.CharField(max_length=200)
    account = fields.ForeignKeyField(
        "tradegraph.Account", related_name="anomaly_dismissals", null=True, on_delete=fields.RESTRICT
    )
    symbol = fields.CharField(max_length=40, null=True)
    component = fields.CharField(max_length=100, null=True)
    max_score = fields.FloatField()
    case = fields.ForeignKeyField("tradegraph.AnomalyCase", related_name="dismissals", on_delete=fields.RESTRICT)
    by = fields.CharField(max_length=254)
    note = fields.CharField(max_length=2000)
    at = fields.DatetimeField()
    suppressed = fields.BigIntField(default=0)
    last_suppressed_at = fields.DatetimeField(null=True)

    class Meta:
        table = "anomaly_dismissals"
        constraints = [UniqueConstraint(fields=("kind", "subject"), name="anomaly_dismissals_once")]
