"""Tables of the access area: users, their sessions and keys, their grants, and the audit log.

Refresh tokens and API keys are stored as SHA-256 digests (hexadecimal), passwords as argon2 hashes.
"""

from typing import Any

from tortoise import Model, fields
from tortoise.fields.base import Field
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from domain.access.types import AccountPermission, AuditOutcome, Role
from domain.kernel.ids import new_id

# Run by a migration: the database itself refuses to change or remove what was audited.
AUDIT_APPEND_ONLY = (
    """
    CREATE FUNCTION audit_entries_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'restrict_violation';
    END $$
    """,
    """
    CREATE TRIGGER audit_entries_append_only BEFORE UPDATE OR DELETE ON audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION audit_entries_append_only()
    """,
    """
    CREATE TRIGGER audit_entries_keep BEFORE TRUNCATE ON audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION audit_entries_append_only()
    """,
)
AUDIT_APPEND_ONLY_REVERSE = (
    "DROP TRIGGER audit_entries_keep ON audit_entries",
    "DROP TRIGGER audit_entries_append_only ON audit_entries",
    "DROP FUNCTION audit_entries_append_only()",
)


class User(Model):
    """A person; never removed, only deactivated. ``email`` is stored in lower case."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    email = fields.CharField(max_length=254)
    name = fields.CharField(max_length=100)
    role = fields.CharEnumField(Role, max_length=16)
    active = fields.BooleanField(default=True)
    password_hash = fields.CharField(max_length=255)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()
    totp_sealed = fields.CharField(max_length=255, null=True)
    totp_confirmed_at = fields.DatetimeField(null=True)
    totp_last_step = fields.BigIntField(null=True)
    recovery_hashes = fields.TextField(null=True)

    class Meta:
        table = "users"
        constraints = [
            UniqueConstraint(fields=("email",), name="users_email"),
            CheckConstraint(check="email = lower(email)", name="users_email_lower_case"),
        ]


class Session(Model):
    """One sign-in, with all tokens that descend from it. ``expires_at`` is the expiry of its newest refresh token."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "tradegraph.User", related_name="sessions", on_delete=fields.RESTRICT
    )
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    used_at = fields.DatetimeField(null=True)
    address = fields.CharField(max_length=64, null=True)
    device = fields.CharField(max_length=200, null=True)
    ended_at = fields.DatetimeField(null=True)
    end_reason = fields.CharField(max_length=40, null=True)

    class Meta:
        table = "sessions"
        indexes = [Index(fields=("user_id", "expires_at"), name="sessions_user")]
        constraints = [
            CheckConstraint(check="(ended_at IS NULL) = (end_reason IS NULL)", name="sessions_end_has_reason"),
        ]


class RefreshToken(Model):
    """One refresh token that was issued. A used one is kept, so that a second use is noticed."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    session: fields.ForeignKeyRelation[Session] = fields.ForeignKeyField(
        "tradegraph.Session", related_name="refresh_tokens", on_delete=fields.CASCADE
    )
    token_hash = fields.CharField(max_length=64)
    issued_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "refresh_tokens"
        indexes = [Index(fields=("session_id",), name="refresh_tokens_session")]
        constraints = [UniqueConstraint(fields=("token_hash",), name="refresh_tokens_token_hash")]


class ApiKey(Model):
    """A credential for programs; never removed, only revoked."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "tradegraph.User", related_name="api_keys", on_delete=fields.RESTRICT
    )
    name = fields.CharField(max_length=100)
    prefix = fields.CharField(max_length=16)
    secret_hash = fields.CharField(max_length=64)
    role = fields.CharEnumField(Role, max_length=16)
    created_at = fields.DatetimeField()
    last_used_at = fields.DatetimeField(null=True)
    expires_at = fields.DatetimeField(null=True)
    revoked_at = fields.DatetimeField(null=True)
    scopes = fields.TextField(null=True)
    account_ids = fields.TextField(null=True)
    addresses = fields.TextField(null=True)

    class Meta:
        table = "api_keys"
        indexes = [Index(fields=("user_id",), name="api_keys_user")]
        constraints = [UniqueConstraint(fields=("prefix",), name="api_keys_prefix")]


class AccountGrant(Model):
    """One permission of a user for an account of another owner."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "tradegraph.User", related_name="grants", on_delete=fields.RESTRICT
    )
    account: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "tradegraph.Account", related_name="grants", on_delete=fields.RESTRICT
    )
    permission = fields.CharEnumField(AccountPermission, max_length=5)
    granted_at = fields.DatetimeField()
    granted_by = fields.CharField(max_length=254, null=True)

    class Meta:
        table = "account_grants"
        indexes = [Index(fields=("account_id",), name="account_grants_account")]
        constraints = [UniqueConstraint(fields=("user_id", "account_id", "permission"), name="account_grants_once")]


class UserPreferences(Model):
    """The display preferences of a person, as JSON text."""

    user: fields.OneToOneRelation[User] = fields.OneToOneField(
        "tradegraph.User", primary_key=True, related_name="preferences", on_delete=fields.CASCADE
    )
    content = fields.TextField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "user_preferences"


class AuditEntry(Model):
    """One action; a trigger refuses to change or remove it. ``actor`` and ``target`` are text, not references."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    at = fields.DatetimeField()
    actor = fields.CharField(max_length=254)
    action = fields.CharField(max_length=64)
    target = fields.CharField(max_length=300, null=True)
    outcome = fields.CharEnumField(AuditOutcome, max_length=8)
    detail: Field[Any] = fields.JSONField(null=True)
    api_key_id = fields.UUIDField(null=True)
    address = fields.CharField(max_length=64, null=True)
    request_id = fields.UUIDField(null=True)

    class Meta:
        table = "audit_entries"
        indexes = [
            Index(fields=("target", "id"), name="audit_entries_target"),
            Index(fields=("actor", "id"), name="audit_entries_actor"),
            Index(fields=("action", "id"), name="audit_entries_action"),
            Index(fields=("at",), name="audit_entries_at"),
        ]
