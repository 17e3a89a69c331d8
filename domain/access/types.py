"""Types of the access area: roles, permissions, the actor behind a request, and its rights.

Every use case of every area takes the ``Actor`` first. The functions ``require_*`` turn a missing right into the error
that the API promises: an object that an actor may not see does not exist for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Literal
from uuid import UUID

from domain.kernel.errors import Forbidden, NotFound
from domain.kernel.values import unguarded

Via = Literal["session", "api_key", "system"]


class Role(StrEnum):
    """The role of a person on the platform. A higher role sees more and outranks the lower ones.

    A RISK_MANAGER stops and cancels in every account; it opens no position and moves no money, not even its own.
    """

    VIEWER = "VIEWER"
    TRADER = "TRADER"
    RISK_MANAGER = "RISK_MANAGER"
    ADMIN = "ADMIN"

    @property
    def rank(self) -> int:
        """Position in the order of roles, 0 for the least."""
        return _RANKS[self]


def higher_role(first: Role | None, second: Role) -> Role:
    """The higher of two roles; only it may undo an action of both."""
    return second if first is None or first.rank < second.rank else first


# Who the platform's own parts are equal to when they restrict: a RISK_MANAGER lifts what they set, a TRADER does not.
PLATFORM_ROLE = Role.RISK_MANAGER

_RANKS: Mapping[Role, int] = {role: rank for rank, role in enumerate(Role)}
_SEES_ALL = frozenset({Role.RISK_MANAGER, Role.ADMIN})


class AccountPermission(StrEnum):
    """A permission on an account: READ, TRADE, or FUNDS (deposits and withdrawals). Each includes READ."""

    READ = "READ"
    TRADE = "TRADE"
    FUNDS = "FUNDS"


class KeyScope(StrEnum):
    """A kind of operations that an API key may be limited to. READ is part of every key."""

    READ = "READ"
    TRADE = "TRADE"
    FUNDS = "FUNDS"
    MANAGE = "MANAGE"


ALL_SCOPES = frozenset(KeyScope)


@dataclass(frozen=True, slots=True)
class KeyLimits:
    """``account_ids`` None are all that the owner has, ``addresses`` empty are all; those are networks as text."""

    scopes: frozenset[KeyScope] = ALL_SCOPES
    account_ids: frozenset[UUID] | None = None
    addresses: tuple[str, ...] = ()


Permissions = frozenset[AccountPermission]
NO_PERMISSION: Permissions = frozenset()
# What an owner may do with an account.
OWNED: Permissions = frozenset(AccountPermission)


class AuditOutcome(StrEnum):
    """The outcome of an audited action."""

    DONE = "DONE"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True)
class Actor:
    """The author of a request: a person by session or API key, or the platform itself.

    ``role`` is already limited to the role of the credential. ``accounts`` holds the permissions on owned and granted
    accounts; a role may reach further. ``expires_at`` is the expiry of the credential, None for never.
    """

    user_id: UUID
    email: str
    role: Role
    accounts: Mapping[UUID, Permissions] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    via: Via = "session"
    session_id: UUID | None = None
    api_key_id: UUID | None = None
    expires_at: datetime | None = None
    scopes: frozenset[KeyScope] = ALL_SCOPES
    addresses: tuple[str, ...] = ()

    @property
    def sees_all(self) -> bool:
        """True if every account is visible."""
        return self.role in _SEES_ALL

    @property
    def may_manage(self) -> bool:
        """True for everything but an API key without the scope MANAGE."""
        return KeyScope.MANAGE in self.scopes

    def may_read(self, account_id: UUID) -> bool:
        """True if the account is visible to this actor."""
        return self.role in _SEES_ALL or account_id in self.accounts

    def may_trade(self, account_id: UUID) -> bool:
        """True if this actor may place, modify and cancel orders of the account."""
        return self._may(AccountPermission.TRADE, account_id)

    def may_move_funds(self, account_id: UUID) -> bool:
        """True if this actor may pay money into the account and out of it."""
        return self._may(AccountPermission.FUNDS, account_id)

    def may_stop(self, account_id: UUID) -> bool:
        """True if this actor may cancel the account's orders, close its positions, and restrict it."""
        return self.role is Role.RISK_MANAGER or self.may_trade(account_id)

    def _may(self, permission: AccountPermission, account_id: UUID) -> bool:
        if self.role is Role.ADMIN:
            return True
        return self.role is Role.TRADER and permission in self.accounts.get(account_id, NO_PERMISSION)


# The platform itself: the engine, the worker and the command line.
SYSTEM = Actor(user_id=UUID(int=0), email="system", role=Role.ADMIN, via="system")


def require_role(actor: Actor, *roles: Role) -> None:
    """Let ``actor`` pass if its role is one of ``roles``.

    Raises:
        Forbidden: it is not.
    """
    if actor.role not in roles:
        raise Forbidden(f"This needs the role {' or '.join(roles)}.")


def no_account(field: str = "accountId") -> NotFound:
    """The error for an account that does not exist for the actor; ``field`` is the input field that named it."""
    return NotFound("There is no such account.", field=field)


def require_read(actor: Actor, account_id: UUID, *, field: str = "accountId") -> None:
    """Let ``actor`` pass if it may see the account, which may not exist at all.

    Raises:
        NotFound: the account does not exist for it.
    """
    if not actor.may_read(account_id):
        raise no_account(field)


def require_trade(actor: Actor, account_id: UUID) -> None:
    """Let ``actor`` pass if it may trade the account.

    Raises:
        NotFound: the account does not exist for it.
        Forbidden: it sees the account, but may not trade it.
    """
    if not actor.may_trade(account_id):
        require_read(actor, account_id)
        raise Forbidden("This needs the permission TRADE for the account.")


def require_funds(actor: Actor, account_id: UUID) -> None:
    """Let ``actor`` pass if it may move the account's money.

    Raises:
        NotFound: the account does not exist for it.
        Forbidden: it sees the account, but may not move its money.
    """
    if not actor.may_move_funds(account_id):
        require_read(actor, account_id)
        raise Forbidden("This needs the permission FUNDS for the account.")


def require_stop(actor: Actor, account_id: UUID) -> None:
    """Let ``actor`` pass if it may cancel, close and restrict in the account.

    Raises:
        NotFound: the account does not exist for it.
        Forbidden: it sees the account, but may not act on it.
    """
    if not actor.may_stop(account_id):
        require_read(actor, account_id)
        raise Forbidden("This needs the permission TRADE for the account, or the role RISK_MANAGER.")


@dataclass(frozen=True, slots=True)
class Grant:
    """One permission of a user for an account of another owner."""

    account_id: UUID
    permission: AccountPermission
    granted_at: datetime
    granted_by: str | None


@dataclass(frozen=True, slots=True)
class User:
    """A person who may sign in; ``email`` is lower case. With ``totp_confirmed_at`` sign-in takes a code."""

    id: UUID
    email: str
    name: str
    role: Role
    active: bool
    created_at: datetime
    totp_confirmed_at: datetime | None = None


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
    limits: KeyLimits = KeyLimits()


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session that has not ended. ``expires_at`` is when it ends unless it goes on.

    ``used_at`` is the time of its newest tokens, ``address`` and ``device`` (a user agent) the client that got them.
    """

    id: UUID
    user_id: UUID
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    address: str | None
    device: str | None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session's newest pair of tokens.

    ``expires_at`` is the expiry of the access token; the secrets are stored nowhere.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    user: User


@unguarded
@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One action that was taken or refused, with API key and address. ``detail`` is JSON text."""

    id: UUID
    at: datetime
    actor: str
    action: str
    target: str | None
    outcome: AuditOutcome
    detail: str | None
    api_key_id: UUID | None = None
    address: str | None = None
    request_id: UUID | None = None
