"""The findings and the steps of cases in pages, each reader's own.

SQL: keyset pages of many cases in one statement, with the condition of what a reader may see.
"""

from uuid import UUID

from domain.access.types import Actor
from domain.anomalies.anomaly import Anomaly
from domain.anomalies.cases.queries import STEP_COLUMNS, to_step
from domain.anomalies.cases.types import CaseEvent
from domain.anomalies.queries import ANOMALY_COLUMNS, to_anomaly
from domain.kernel.database import Row
from domain.kernel.owned_page_queries import OwnedList

# $1 are the accounts that the reader may see; null for who sees all. As rules.is_step_of.
_TOLD = """
$1::uuid[] IS NULL OR CASE
  WHEN jsonb_array_length(coalesce(snapshot::jsonb -> 'shares', '[]')) = 0 THEN NOT EXISTS (
    SELECT 1 FROM jsonb_array_elements_text(snapshot::jsonb -> 'account_ids') AS o (id) WHERE o.id::uuid <> ALL($1))
  ELSE (anomaly_id IS NULL OR account_id = ANY($1)) AND EXISTS (
    SELECT 1 FROM jsonb_to_recordset(snapshot::jsonb -> 'shares') AS s (account_id uuid)
    WHERE s.account_id = ANY($1))
END
"""


def _finding(row: Row) -> Anomaly:
    # What the list reads beside the columns of a finding is not its own.
    return to_anomaly(row[name] for name in ANOMALY_COLUMNS.split(", "))


FINDINGS = OwnedList(
    "anomalies",
    ANOMALY_COLUMNS,
    "case_id",
    "sequence",
    _finding,
    condition="$1::uuid[] IS NULL OR account_id = ANY($1)",
    newest_first=True,
)
STEPS: OwnedList[CaseEvent] = OwnedList(
    "anomaly_case_events", STEP_COLUMNS, "case_id", "sequence", to_step, condition=_TOLD
)


def visible_accounts(actor: Actor) -> tuple[tuple[UUID, ...] | None]:
    """The argument of both lists: the accounts that the actor may see, None for all."""
    return (None,) if actor.sees_all else (tuple(sorted(actor.accounts)),)
