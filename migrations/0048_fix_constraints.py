"""What holds of FIX sessions: one of a name, each number and each request once."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0047_fix_sessions")]

    operations = [
        ops.AddConstraint("FixSession", UniqueConstraint(fields=("name",), name="fix_sessions_name")),
        ops.AddConstraint(
            "FixSession", CheckConstraint(check="next_in > 0 AND next_out > 0", name="fix_sessions_numbers")
        ),
        ops.AddConstraint("FixMessage", UniqueConstraint(fields=("session_id", "number"), name="fix_messages_number")),
        ops.AddConstraint(
            "FixRequest", UniqueConstraint(fields=("session_id", "client_order_id"), name="fix_requests_once")
        ),
        ops.AddConstraint(
            "FixReport", UniqueConstraint(fields=("session_id", "execution_id"), name="fix_reports_once")
        ),
    ]
