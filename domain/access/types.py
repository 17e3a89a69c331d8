"""Words and values of the access area: roles, permissions, the actor behind a request, and what it may do.

``Actor`` is what every use case of every area takes first. ``require_role``, ``require_read`` and ``require_trade``
turn a missing right into the error that the API promises: what an actor may not see does not exist for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Literal
from uuid import UUID

from domain.kernel.errors import Forbidden, NotFound

Via = Literal["session", "api_key", "system"]


class Role(StrEnum):
    """What a person may do on the platform; each role may do all that the one before it may."""

    VIEWER = "VIEWER"
    TRADER = "TRADER"
    RISK_MANAGER = "RISK_MANAGER"
    ADMIN = "ADMIN"

    @property
    def rank(self) -> int:
        """Position in the order of roles, 0 for the least."""
        return _RANKS[self]


_RANKS: Mapping[Role, int] = {role: rank for rank, role in enumerate(Role)}
_SEES_ALL = frozenset({Role.RISK_MANAGER, Role.ADMIN})


class AccountPermission(StrEnum):
    """What a grant lets its holder do with an account."""

    READ = "READ"
    TRADE = "TRADE"


class AuditOutcome(StrEnum):
    """How an audited action ended."""

    DONE = "DONE"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person by session or API key, or the platform itself.

    ``role`` is already capped at what the credential allows. ``accounts`` holds the accounts that are owned (as TRADE)
    or granted; a role may reach further. ``expires_at`` is when the credential stops working, None for never.
    """

    user_id: UUID
    email: str
    role: Role
    accounts: Mapping[UUID, AccountPermission] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    via: Via = "session"
    session_id: UUID | None = None
    api_key_id: UUID | None = None
    expires_at: datetime | None = None

    @property
    def sees_all(self) -> bool:
        """Whether every account is visible."""
        return self.role in _SEES_ALL

    def may_read(self, account_id: UUID) -> bool:
        """Whether the account exists for this actor."""
        return self.role in _SEES_ALL or account_id in self.accounts

    def may_trade(self, account_id: UUID) -> bool:
        """Whether this actor may place and cancel orders and move money in the account."""
        if self.role is Role.ADMIN:
            return True
        return self.role is not Role.VIEWER and self.accounts.get(account_id) is AccountPermission.TRADE


# The platform itself: the engine, the worker and the command line.
SYSTEM = Actor(user_id=UUID(int=0), email="system", role=Role.ADMIN, via="system")


def require_role(actor: Actor, *roles: Role) -> None:
    """Let ``actor`` pass if its role is one of ``roles``.

    Raises:
        Forbidden: it is not.
    """
    if actor.role not in roles:
        raise Forbidden(f"This needs the role {' or '.join(roles)}.")


def require_read(actor: Actor, account_id: UUID) -> None:
    """Let ``actor`` pass if it may see the account.

    Raises:
        NotFound: the account does not exist for it.
    """
    if not actor.may_read(account_id):
        raise NotFound("There is no such account.")


def require_trade(actor: Actor, account_id: UUID) -> None:
    """Let ``actor`` pass if it may trade the account.

    Raises:
        NotFound: the account does not exist for it.
        Forbidden: it sees the account, but may not trade it.
    """
    if actor.may_trade(account_id):
        return
    require_read(actor, account_id)
    raise Forbidden("This needs the permission to trade the account.")


@dataclass(frozen=True, slots=True)
class Grant:
    """One account that a user was given access to."""

    account_id: UUID
    permission: AccountPermission
    granted_at: datetime


@dataclass(frozen=True, slots=True)
class User:
    """A person who may sign in; ``email`` is lower case."""

    id: UUID
    email: str
    name: str
    role: Role
    active: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A credential for programs. ``prefix`` is the part of it that may be shown."""

    id: UUID
    user_id: UUID
    name: str
    prefix: str
    role: Role
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session's newest pair of tokens. ``expires_at`` is the access token's; the secrets are nowhere else."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    user: User


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One action that somebody took or was refused. ``detail`` is JSON text."""

    id: UUID
    at: datetime
    actor: str
    action: str
    target: str | None
    outcome: AuditOutcome
    detail: str | None
