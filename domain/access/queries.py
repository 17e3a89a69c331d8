"""Set-based reads and writes of people, sessions, keys and grants.

Every change of a user's rights or sessions locks the user's row (``lock_user``), so changes of one user run one after
the other. ``load_*_actor`` also read the owners of accounts: the only access to another area's table.

SQL: an actor with all its rights is read in one statement for each request, and changes lock in a fixed order.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from domain.access.rules import MAX_SESSIONS, RefreshState, common_role
from domain.access.types import NO_PERMISSION, OWNED, AccountPermission, Actor, ApiKey, Grant, Permissions, Role, User
from domain.kernel.database import Row, fetch, fetch_row
from domain.kernel.errors import BadInput
from domain.kernel.ids import new_id, parse_id
from domain.kernel.pages import Page, PageRequest, encode_cursor, make_page
from domain.kernel.unit_of_work import UnitOfWork

_USER = "id, email, name, role, active, created_at"
_KEY = "id, user_id, name, prefix, role, created_at, last_used_at, expires_at, revoked_at"
_ACCOUNTS = """
ARRAY(SELECT a.id FROM accounts a WHERE a.owner_id = u.id) AS owned,
ARRAY(SELECT g.account_id FROM account_grants g WHERE g.user_id = u.id ORDER BY g.id) AS granted,
ARRAY(SELECT g.permission::text FROM account_grants g WHERE g.user_id = u.id ORDER BY g.id) AS permissions
"""
_SESSION_ACTOR = f"""
SELECT u.id, u.email, u.role, {_ACCOUNTS} FROM sessions s JOIN users u ON u.id = s.user_id
WHERE s.id = $1 AND s.ended_at IS NULL AND u.active
"""
_KEY_ACTOR = f"""
SELECT u.id, u.email, u.role, k.role AS key_role, {_ACCOUNTS} FROM api_keys k JOIN users u ON u.id = k.user_id
WHERE k.id = $1 AND k.revoked_at IS NULL AND u.active
"""


def _to_user(row: Row) -> User:
    return User(row["id"], row["email"], row["name"], Role(row["role"]), row["active"], row["created_at"])


def _to_key(row: Row) -> ApiKey:
    values = list(row)
    values[4] = Role(values[4])
    return ApiKey(*values)


# ------------------------------------------------------------------ actors


def _accounts(row: Row) -> MappingProxyType[UUID, Permissions]:
    accounts: dict[UUID, Permissions] = {}
    for account_id, permission in zip(row["granted"], row["permissions"], strict=True):
        accounts[account_id] = accounts.get(account_id, NO_PERMISSION) | {AccountPermission(permission)}
    accounts.update(dict.fromkeys(row["owned"], OWNED))
    return MappingProxyType(accounts)


async def load_session_actor(session_id: UUID, expires_at: datetime | None) -> Actor | None:
    """The actor of a session that has not ended, if its user is active."""
    row = await fetch_row(_SESSION_ACTOR, session_id)
    if row is None:
        return None
    return Actor(
        user_id=row["id"],
        email=row["email"],
        role=Role(row["role"]),
        accounts=_accounts(row),
        via="session",
        session_id=session_id,
        expires_at=expires_at,
    )


async def load_key_actor(key_id: UUID, expires_at: datetime | None) -> Actor | None:
    """The actor of a key that is not revoked, if its user is active; never with more than the user's own role."""
    row = await fetch_row(_KEY_ACTOR, key_id)
    if row is None:
        return None
    return Actor(
        user_id=row["id"],
        email=row["email"],
        role=common_role(Role(row["role"]), Role(row["key_role"])),
        accounts=_accounts(row),
        via="api_key",
        api_key_id=key_id,
        expires_at=expires_at,
    )


# ------------------------------------------------------------------ users


@dataclass(frozen=True, slots=True)
class StoredPassword:
    """A user and the stored password hash, for a sign-in."""

    user_id: UUID
    active: bool
    password_hash: str


async def find_password(email: str) -> StoredPassword | None:
    """The password hash of the person with this email."""
    row = await fetch_row("SELECT id, active, password_hash FROM users WHERE email = $1", email)
    return StoredPassword(row["id"], row["active"], row["password_hash"]) if row else None


async def lock_user(work: UnitOfWork, user_id: UUID) -> tuple[User, str] | None:
    """Lock a user's row; the user and the password hash."""
    row = await work.fetch_row(f"SELECT {_USER}, password_hash FROM users WHERE id = $1 FOR NO KEY UPDATE", user_id)
    return (_to_user(row), row["password_hash"]) if row else None


async def lock_user_and_admins(work: UnitOfWork, user_id: UUID) -> list[User]:
    """Lock a user and all active administrators, in id order: to keep the last of them."""
    rows = await work.fetch(
        f"SELECT {_USER} FROM users WHERE id = $1 OR (role = 'ADMIN' AND active) ORDER BY id FOR NO KEY UPDATE", user_id
    )
    return [_to_user(row) for row in rows]


async def insert_user(work: UnitOfWork, user: User, password_hash: str) -> bool:
    """Store a new user; False when the email is taken."""
    row = await work.fetch_row(
        "INSERT INTO users (id, email, name, role, active, password_hash, created_at, updated_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT (email) DO NOTHING RETURNING id",
        user.id,
        user.email,
        user.name,
        user.role.value,
        user.active,
        password_hash,
        user.created_at,
    )
    return row is not None


async def write_user(work: UnitOfWork, user: User, password_hash: str | None = None) -> None:
    """Write a locked user's name, role and state, and the password hash if one is given."""
    await work.execute(
        "UPDATE users SET name = $2, role = $3, active = $4, password_hash = coalesce($5, password_hash), "
        "updated_at = $6 WHERE id = $1",
        user.id,
        user.name,
        user.role.value,
        user.active,
        password_hash,
        work.now,
    )


async def find_user_by_email(email: str) -> User | None:
    """The person with this email."""
    row = await fetch_row(f"SELECT {_USER} FROM users WHERE email = $1", email)
    return _to_user(row) if row else None


async def read_users(user_ids: Collection[UUID]) -> dict[UUID, User]:
    """Users by id; unknown ones are left out."""
    rows = await fetch(f"SELECT {_USER} FROM users WHERE id = ANY($1::uuid[])", list(user_ids))
    return {row["id"]: _to_user(row) for row in rows}


def id_key(request: PageRequest) -> UUID | None:
    """The identifier after which a page begins, in a list ordered by identifier.

    Raises:
        BadInput: the cursor holds none.
    """
    if request.key is None:
        return None
    key = parse_id(request.key[0])
    if key is None:
        raise BadInput("This cursor belongs to another list.", field="before" if request.backward else "after")
    return key


async def page_users(request: PageRequest) -> Page[User]:
    """A page of all users, oldest first."""
    rows = await fetch(
        f"SELECT {_USER} FROM users WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2",
        id_key(request),
        request.size + 1,
    )
    users = [_to_user(row) for row in rows]
    return make_page(request, users, lambda user: encode_cursor(str(user.id)))


async def count_users() -> int:
    """The number of users."""
    row = await fetch_row("SELECT count(*) AS n FROM users")
    return int(row["n"]) if row else 0


# ------------------------------------------------------------------ sessions


async def insert_session(work: UnitOfWork, session_id: UUID, user_id: UUID, expires_at: datetime) -> None:
    """Store a session that begins now; remove those of the user that expired, and the oldest beyond the bound."""
    await work.execute(
        "DELETE FROM sessions WHERE user_id = $1 AND (expires_at <= $2 OR id IN "
        "(SELECT id FROM sessions WHERE user_id = $1 ORDER BY id DESC OFFSET $3))",
        user_id,
        work.now,
        MAX_SESSIONS - 1,
    )
    await work.execute(
        "INSERT INTO sessions (id, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)",
        session_id,
        user_id,
        work.now,
        expires_at,
    )


async def insert_refresh_token(
    work: UnitOfWork, token_id: UUID, session_id: UUID, token_hash: str, expires_at: datetime
) -> None:
    """Store a refresh token issued now."""
    await work.execute(
        "INSERT INTO refresh_tokens (id, session_id, token_hash, issued_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
        token_id,
        session_id,
        token_hash,
        work.now,
        expires_at,
    )


async def find_token_owner(work: UnitOfWork, token_hash: str) -> tuple[UUID, UUID] | None:
    """The user and the session of a refresh token."""
    row = await work.fetch_row(
        "SELECT s.user_id, s.id FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id WHERE t.token_hash = $1",
        token_hash,
    )
    return (row["user_id"], row["id"]) if row else None


async def read_refresh_state(work: UnitOfWork, token_hash: str) -> RefreshState | None:
    """The state of a refresh token; call it with its user locked."""
    row = await work.fetch_row(
        "SELECT t.used_at IS NOT NULL AS used, t.expires_at, s.ended_at IS NOT NULL AS session_ended, "
        "u.active AS user_active FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id "
        "JOIN users u ON u.id = s.user_id WHERE t.token_hash = $1",
        token_hash,
    )
    return RefreshState(*row) if row else None


async def use_refresh_token(work: UnitOfWork, session_id: UUID, token_hash: str, session_expires_at: datetime) -> None:
    """Mark a token as used, move its session's end, and drop the session's tokens that expired."""
    await work.execute("UPDATE refresh_tokens SET used_at = $2 WHERE token_hash = $1", token_hash, work.now)
    await work.execute("UPDATE sessions SET expires_at = $2 WHERE id = $1", session_id, session_expires_at)
    await work.execute("DELETE FROM refresh_tokens WHERE session_id = $1 AND expires_at <= $2", session_id, work.now)


async def end_session(work: UnitOfWork, session_id: UUID, reason: str) -> bool:
    """End a session; False when it had ended or does not exist."""
    row = await work.fetch_row(
        "UPDATE sessions SET ended_at = $2, end_reason = $3 WHERE id = $1 AND ended_at IS NULL RETURNING id",
        session_id,
        work.now,
        reason,
    )
    return row is not None


async def end_sessions_of(work: UnitOfWork, user_id: UUID, reason: str, *, keep: UUID | None = None) -> None:
    """End all sessions of a user except the one to keep."""
    await work.execute(
        "UPDATE sessions SET ended_at = $2, end_reason = $3 "
        "WHERE user_id = $1 AND ended_at IS NULL AND id IS DISTINCT FROM $4",
        user_id,
        work.now,
        reason,
        keep,
    )


# ------------------------------------------------------------------ API keys


@dataclass(frozen=True, slots=True)
class KeySecret:
    """The stored digest that an API key is checked against."""

    id: UUID
    secret_hash: str
    expires_at: datetime | None


async def find_key_secret(prefix: str) -> KeySecret | None:
    """The digest of the key with this prefix; ``load_key_actor`` checks revocation."""
    row = await fetch_row("SELECT id, secret_hash, expires_at FROM api_keys WHERE prefix = $1", prefix)
    return KeySecret(*row) if row else None


async def insert_key(work: UnitOfWork, key: ApiKey, secret_hash: str) -> None:
    """Store a new key."""
    await work.execute(
        "INSERT INTO api_keys (id, user_id, name, prefix, secret_hash, role, created_at, expires_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        key.id,
        key.user_id,
        key.name,
        key.prefix,
        secret_hash,
        key.role.value,
        key.created_at,
        key.expires_at,
    )


async def count_keys(work: UnitOfWork, user_id: UUID) -> int:
    """The number of a user's keys that are not revoked."""
    row = await work.fetch_row("SELECT count(*) AS n FROM api_keys WHERE user_id = $1 AND revoked_at IS NULL", user_id)
    return int(row["n"]) if row else 0


async def lock_key(work: UnitOfWork, key_id: UUID) -> ApiKey | None:
    """Lock a key's row."""
    row = await work.fetch_row(f"SELECT {_KEY} FROM api_keys WHERE id = $1 FOR NO KEY UPDATE", key_id)
    return _to_key(row) if row else None


async def write_revoked(work: UnitOfWork, key_id: UUID) -> None:
    """Mark a key as revoked now."""
    await work.execute("UPDATE api_keys SET revoked_at = $2 WHERE id = $1", key_id, work.now)


async def note_key_use(work: UnitOfWork, key_id: UUID, *, unless_since: datetime) -> None:
    """Write that a key was used now, unless a later use is written."""
    await work.execute(
        "UPDATE api_keys SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $3)",
        key_id,
        work.now,
        unless_since,
    )


async def read_keys(user_id: UUID, limit: int) -> list[ApiKey]:
    """A user's keys, newest first, revoked ones included."""
    rows = await fetch(f"SELECT {_KEY} FROM api_keys WHERE user_id = $1 ORDER BY id DESC LIMIT $2", user_id, limit)
    return [_to_key(row) for row in rows]


# ------------------------------------------------------------------ grants


async def find_account_owner(work: UnitOfWork, account_id: UUID) -> UUID | None:
    """The owner of an account; None when there is no such account."""
    row = await work.fetch_row("SELECT owner_id FROM accounts WHERE id = $1", account_id)
    return row["owner_id"] if row else None


async def lock_grants(work: UnitOfWork, user_id: UUID, account_id: UUID) -> Permissions:
    """The permissions of a user on an account; call it with the user locked."""
    rows = await work.fetch(
        "SELECT permission FROM account_grants WHERE user_id = $1 AND account_id = $2", user_id, account_id
    )
    return frozenset(AccountPermission(row["permission"]) for row in rows)


async def insert_grant(
    work: UnitOfWork, user_id: UUID, account_id: UUID, permission: AccountPermission, granted_by: str
) -> None:
    """Grant a permission that the user does not have."""
    await work.execute(
        "INSERT INTO account_grants (id, user_id, account_id, permission, granted_at, granted_by) "
        "VALUES ($1, $2, $3, $4, $5, $6)",
        new_id(),
        user_id,
        account_id,
        permission.value,
        work.now,
        granted_by,
    )


async def delete_grants(work: UnitOfWork, user_id: UUID, account_id: UUID, permissions: Permissions) -> None:
    """Revoke permissions."""
    await work.execute(
        "DELETE FROM account_grants WHERE user_id = $1 AND account_id = $2 AND permission = ANY($3::text[])",
        user_id,
        account_id,
        [permission.value for permission in permissions],
    )


async def read_grants(user_ids: Collection[UUID]) -> dict[UUID, list[Grant]]:
    """The grants of users, ordered by the opening of the account and then by time; users without any are left out."""
    rows = await fetch(
        "SELECT user_id, account_id, permission, granted_at, granted_by FROM account_grants "
        "WHERE user_id = ANY($1::uuid[]) ORDER BY user_id, account_id, id",
        list(user_ids),
    )
    grants: dict[UUID, list[Grant]] = {}
    for row in rows:
        grant = Grant(row["account_id"], AccountPermission(row["permission"]), row["granted_at"], row["granted_by"])
        grants.setdefault(row["user_id"], []).append(grant)
    return grants
