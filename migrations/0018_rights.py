"""What is granted, and who restricted what: moving money is a right of its own, and restrictions keep their role.

Who had been granted TRADE could move money until now. So that an upgrade neither takes rights nor hides them, it gets
FUNDS beside TRADE, with an entry of the audit log for each. Of restrictions it is not known which role asked for them:
they count as a risk manager's, so that no trader lifts what a risk manager set; halts of administrators stay theirs.
"""

from decimal import Decimal

from tortoise import fields, migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from domain.access.types import AccountPermission, Role
from domain.kernel.fields import NumericField

# Identifiers are ordered by time everywhere (UUID version 7), which servers before PostgreSQL 18 do not make.
_NEW_ID = (
    "(lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') || '7' || "
    "substr(md5(random()::text), 1, 3) || '8' || substr(md5(random()::text), 1, 15))::uuid"
)
_FUNDS_OF_TRADERS = """
WITH given AS (
  INSERT INTO account_grants (id, user_id, account_id, permission, granted_at, granted_by)
  SELECT NEW_ID, user_id, account_id, 'FUNDS', clock_timestamp(), 'upgrade'
  FROM account_grants WHERE permission = 'TRADE'
  RETURNING user_id, account_id
)
INSERT INTO audit_entries (id, at, actor, action, target, outcome, detail)
SELECT NEW_ID, clock_timestamp(), 'system', 'grantAccount', 'account:' || g.account_id, 'DONE',
  jsonb_build_object('userId', g.user_id, 'email', u.email, 'permissions', jsonb_build_array('FUNDS', 'TRADE'),
    'reason', 'upgrade: TRADE let money be moved before FUNDS was a right of its own')
FROM given g JOIN users u ON u.id = g.user_id
""".replace("NEW_ID", _NEW_ID)
_NO_FUNDS = (
    "DELETE FROM account_grants g WHERE permission = 'FUNDS' AND EXISTS (SELECT 1 FROM account_grants t "
    "WHERE t.user_id = g.user_id AND t.account_id = g.account_id AND t.permission = 'TRADE')",
    "UPDATE account_grants SET permission = 'READ' WHERE permission = 'FUNDS'",
)
_RESTRICTED = (
    "UPDATE accounts SET reduce_only_role = 'RISK_MANAGER' WHERE state = 'REDUCE_ONLY'",
    "UPDATE accounts SET halted_role = 'RISK_MANAGER' WHERE state = 'HALTED'",
    "UPDATE positions SET held_risk = held_quantity WHERE held_quantity <> 0",
    "UPDATE trading_halts SET role = 'ADMIN' WHERE by IN (SELECT email FROM users WHERE role = 'ADMIN')",
    "UPDATE cancel_timers SET role = u.role FROM users u WHERE u.email = armed_by AND u.role <> 'VIEWER'",
)


def _role(**options):
    return fields.CharEnumField(enum_type=Role, max_length=16, **options)


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0017_book_versions")]

    operations = [
        ops.AlterField("AccountGrant", "permission", fields.CharEnumField(enum_type=AccountPermission, max_length=5)),
        ops.AddField("AccountGrant", "granted_by", fields.CharField(null=True, max_length=254)),
        ops.RemoveConstraint("AccountGrant", "account_grants_user_account"),
        ops.AddConstraint(
            "AccountGrant",
            UniqueConstraint(fields=("user_id", "account_id", "permission"), name="account_grants_once"),
        ),
        ops.RunSQL(_FUNDS_OF_TRADERS, _NO_FUNDS),
        ops.AddField("Account", "reduce_only_role", _role(null=True)),
        ops.AddField("Account", "halted_role", _role(null=True)),
        ops.AddField("Account", "state_by", fields.CharField(null=True, max_length=254)),
        ops.AddField("Account", "state_reason", fields.CharField(null=True, max_length=500)),
        ops.AddField("Position", "held_risk", NumericField(default=Decimal(0), db_default=Decimal(0))),
        ops.AddField("Position", "held_admin", NumericField(default=Decimal(0), db_default=Decimal(0))),
        ops.AddField("TradingHalt", "role", _role(default=Role.RISK_MANAGER, db_default=Role.RISK_MANAGER)),
        ops.AddField("CancelTimer", "role", _role(default=Role.TRADER, db_default=Role.TRADER)),
        ops.RunSQL(_RESTRICTED, ()),
        ops.AddConstraint(
            "Position",
            CheckConstraint(
                check="held_risk >= 0 AND held_admin >= 0 AND held_risk + held_admin <= held_quantity",
                name="positions_holds",
            ),
        ),
    ]
