"""What a case holds of each of its accounts, and whose finding a step is."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

# Cases that are there learn it from their findings; their steps are append-only and stay as they are.
_LEARN = """
UPDATE anomaly_cases c SET shares = s.shares FROM (
  SELECT case_id, jsonb_agg(jsonb_build_object('account_id', account_id, 'finding_count', number, 'severity', severity,
    'score', score, 'found_at', found_at) ORDER BY first)::text AS shares
  FROM (
    SELECT case_id, account_id, count(*) AS number, max(score) AS score, max(detected_at) AS found_at,
      min(sequence) AS first, (array_agg(severity ORDER BY
        array_position(ARRAY['INFO', 'WARNING', 'CRITICAL'], severity::text) DESC))[1] AS severity
    FROM anomalies WHERE case_id IS NOT NULL AND account_id IS NOT NULL GROUP BY case_id, account_id
  ) a GROUP BY case_id
) s WHERE s.case_id = c.id
"""


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0039_second_factor")]

    operations = [
        ops.AddField("AnomalyCase", "shares", fields.TextField(default="[]", db_default="[]")),
        ops.AddField("AnomalyCaseEvent", "account_id", fields.UUIDField(null=True)),
        ops.RunSQL(_LEARN, ()),
    ]
