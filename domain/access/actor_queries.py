"""The actor that a session or an API key stands for, with all its rights.

The accounts' owners are read here too: the one look into a table of a later area.

SQL: an actor with all its rights is read in one statement, on the way of every request that a cache does not answer.
"""

from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from domain.access.key_limits import limited
from domain.access.rules import common_role
from domain.access.stored_limits import read_limits
from domain.access.types import NO_PERMISSION, OWNED, AccountPermission, Actor, Permissions, Role
from domain.kernel.database import Row, fetch_row
from domain.kernel.unit_of_work import UnitOfWork

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
SELECT u.id, u.email, u.role, k.role AS key_role, k.scopes, k.account_ids, k.addresses, {_ACCOUNTS}
FROM api_keys k JOIN users u ON u.id = k.user_id
WHERE k.id = $1 AND k.revoked_at IS NULL AND u.active
"""


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
    limits = read_limits(row["scopes"], row["account_ids"], row["addresses"])
    role, accounts = limited(common_role(Role(row["role"]), Role(row["key_role"])), _accounts(row), limits)
    return Actor(
        user_id=row["id"],
        email=row["email"],
        role=role,
        accounts=accounts,
        via="api_key",
        api_key_id=key_id,
        expires_at=expires_at,
        scopes=limits.scopes,
        addresses=limits.addresses,
    )


async def find_account_owner(work: UnitOfWork, account_id: UUID) -> UUID | None:
    """The owner of an account; None when there is no such account."""
    row = await work.fetch_row("SELECT owner_id FROM accounts WHERE id = $1", account_id)
    return row["owner_id"] if row else None
