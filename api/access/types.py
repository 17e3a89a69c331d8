"""Types of people, sessions, keys and the audit log in the schema."""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self, cast
from uuid import UUID

import strawberry

from api.access.enums import AuditOutcome, KeyScope, Role
from api.context import Info
from api.node import Node
from api.pages import Connection, connection, counted, listed
from api.scalars import JSON, raw_json
from domain.access import types
from domain.access.grant_queries import read_account_ids
from domain.access.grant_store import read_grants
from domain.access.keys import read_keys
from domain.access.preferences import read_preferences
from domain.access.session_store import list_sessions
from domain.access.users import visible_grants
from domain.kernel.listed_pages import page_of
from domain.kernel.pages import Page, page_request

if TYPE_CHECKING:
    from api.accounts.grants import AccountGrant
    from api.accounts.types import Account


@strawberry.type(description="A user of the platform.")
class User(Node):
    """A view of ``domain.access.types.User``."""

    id: strawberry.ID
    email: str
    name: str
    role: Role
    active: bool
    created_at: datetime
    two_factor: bool
    person: strawberry.Private[types.User]

    @strawberry.field(
        description="Accounts of others that this person was given access to, as far as you may see them. In pages: "
        "`grantsConnection`."
    )
    async def grants(self, info: Info) -> list[Annotated["AccountGrant", strawberry.lazy("api.accounts.grants")]]:
        """Values, not views: the view of a grant leads to accounts, which lead back here."""
        grants = await info.context.load(read_grants, self.person.id) or []
        return cast("list[AccountGrant]", visible_grants(info.context.require_actor(), grants))

    @strawberry.field(
        description=("Preferences saved with `savePreferences`; null for other users. The platform does not read them.")
    )
    async def preferences(self, info: Info) -> JSON | None:
        """The viewer's own."""
        if info.context.require_actor().user_id != self.person.id:
            return None
        return raw_json(await read_preferences(self.person.id))

    @strawberry.field(
        description="Accounts that this person owns or was given access to, as far as you may see them, oldest first. "
        "In pages: `accountsConnection`."
    )
    async def accounts(self, info: Info) -> list[Annotated["Account", strawberry.lazy("api.accounts.types")]]:
        """Loaded with those of the operation's other people."""
        ids = await info.context.load(read_account_ids, self.person.id) or []
        actor, read = info.context.require_actor(), info.context.services.books.read
        values = [info.context.load(read, each) for each in ids if actor.may_read(each)]
        return cast("list[Account]", list(await asyncio.gather(*values)))

    @strawberry.field(
        description="Accounts of others that this person was given access to, as far as you may see them, by the "
        "opening of the account, in pages."
    )
    async def grants_connection(
        self,
        info: Info,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[Annotated["AccountGrant", strawberry.lazy("api.accounts.grants")]]:
        """A page of them."""
        request = page_request(first, after, last, before, parts=2, of=("User.grants", self.person.id))
        grants = await info.context.load(read_grants, self.person.id) or []
        shown = visible_grants(info.context.require_actor(), grants)
        return listed(request, shown, _grant_key, lambda grant: cast("AccountGrant", grant))

    @strawberry.field(
        description="Accounts that this person owns or was given access to, as far as you may see them, oldest first, "
        "in pages."
    )
    async def accounts_connection(
        self,
        info: Info,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[Annotated["Account", strawberry.lazy("api.accounts.types")]]:
        """A page of them; only its accounts are loaded."""
        request = page_request(first, after, last, before, parts=1, of=("User.accounts", self.person.id))
        ids = await info.context.load(read_account_ids, self.person.id) or []
        shown = [each for each in ids if info.context.require_actor().may_read(each)]
        page = page_of(request, shown, lambda each: (str(each),))
        values = await info.context.load_all(info.context.services.books.read, page.nodes)
        valued = Page(values, lambda value: page.cursor(value.id), page.has_next, page.has_previous)
        return connection(valued, lambda value: cast("Account", value), counted(shown))

    @strawberry.field(
        name="apiKeys",
        description="Your API keys, newest first, revoked ones included; null of anybody else. An API key without"
        " MANAGE sees only itself. In pages: `apiKeysConnection`.",
    )
    async def keys(self, info: Info) -> list[Annotated["ApiKey", strawberry.lazy("api.access.types")]] | None:
        """The viewer's own."""
        actor = info.context.require_actor()
        if actor.user_id != self.person.id:
            return None
        return [ApiKey.of(key) for key in await read_keys(actor)]

    @strawberry.field(
        description="Your open sessions, newest first; null of anybody else, and for an API key without MANAGE. "
        "In pages: `sessionsConnection`."
    )
    async def sessions(self, info: Info) -> list[Annotated["OpenSession", strawberry.lazy("api.access.types")]] | None:
        """The viewer's own."""
        actor = info.context.require_actor()
        if actor.user_id != self.person.id or not actor.may_manage:
            return None
        return [OpenSession.of(session) for session in await list_sessions(self.person.id)]

    @classmethod
    def of(cls, user: types.User) -> Self:
        """The view of a user."""
        return cls(
            id=strawberry.ID(str(user.id)),
            email=user.email,
            name=user.name,
            role=user.role,
            active=user.active,
            created_at=user.created_at,
            two_factor=user.totp_confirmed_at is not None,
            person=user,
        )


@strawberry.type(description="The newest tokens of a session. Keep them secret; they are shown only once.")
class Session:
    """A view of ``domain.access.types.SignedIn``."""

    access_token: str = strawberry.field(description="Send it as `Authorization: Bearer ...`.")
    refresh_token: str = strawberry.field(description="Exchange it for new tokens with `refreshSession`; works once.")
    expires_at: datetime = strawberry.field(description="Time at which the access token stops working.")
    user: User

    @classmethod
    def of(cls, signed_in: types.SignedIn) -> Self:
        """The view of a new pair of tokens."""
        return cls(
            access_token=signed_in.access_token,
            refresh_token=signed_in.refresh_token,
            expires_at=signed_in.expires_at,
            user=User.of(signed_in.user),
        )


@strawberry.type(description="The secret of an authenticator app, shown only once.")
class TwoFactorSetup:
    """A view of ``domain.access.second_factor.Setup``."""

    secret: str
    uri: str


@strawberry.type(description="A credential for programs. The key itself is shown only at its creation.")
class ApiKey(Node):
    """A view of ``domain.access.types.ApiKey``."""

    id: strawberry.ID
    name: str
    prefix: str = strawberry.field(description="Beginning of the key.")
    role: Role = strawberry.field(description="The most it may do; never more than its owner.")
    created_at: datetime
    last_used_at: datetime | None = strawberry.field(description="To the minute.")
    expires_at: datetime | None
    revoked_at: datetime | None
    scopes: list[KeyScope]
    account_ids: list[strawberry.ID] | None
    addresses: list[str]

    @classmethod
    def of(cls, key: types.ApiKey) -> Self:
        """The view of a key."""
        return cls(
            id=strawberry.ID(str(key.id)),
            name=key.name,
            prefix=key.prefix,
            role=key.role,
            created_at=key.created_at,
            last_used_at=key.last_used_at,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
            scopes=sorted(key.limits.scopes),
            account_ids=None if key.limits.account_ids is None else [*map(_id_of, sorted(key.limits.account_ids))],
            addresses=list(key.limits.addresses),
        )


@strawberry.type(description="A sign-in that has not ended, with all its tokens.")
class OpenSession(Node):
    """A view of ``domain.access.types.OpenSession``."""

    id: strawberry.ID
    created_at: datetime = strawberry.field(description="Time at which the person signed in.")
    expires_at: datetime = strawberry.field(description="Time at which it ends unless it is renewed.")
    used_at: datetime | None
    address: str | None
    device: str | None

    @strawberry.field(description="True if it is the session of this request.")
    def current(self, info: Info) -> bool:
        """By the credential of the request."""
        session_id = info.context.require_actor().session_id
        return session_id is not None and self.id == str(session_id)

    @classmethod
    def of(cls, session: types.OpenSession) -> Self:
        """The view of a session."""
        return cls(
            id=_id_of(session.id),
            created_at=session.created_at,
            expires_at=session.expires_at,
            used_at=session.used_at,
            address=session.address,
            device=session.device,
        )


@strawberry.type(description="A new API key. `secret` is the whole key; it cannot be asked for again.")
class CreatedApiKey:
    """A new key with its secret, which is shown once."""

    api_key: ApiKey
    secret: str


@strawberry.type(
    description=("An action of a person or program, done or refused. Entries are never changed or removed.")
)
class AuditEntry:
    """A view of ``domain.access.types.AuditEntry``."""

    id: strawberry.ID
    at: datetime
    actor: str = strawberry.field(
        description="An email, `system`, or `anonymous` for callers who were not signed in.",
        deprecation_reason="Use `by`.",
    )
    by: str = strawberry.field(description=("An email, `system`, or `anonymous` for callers who were not signed in."))
    action: str = strawberry.field(description="The name of the mutation.")
    target: str | None = strawberry.field(description="Target of the action: `kind:identifier`.")
    outcome: str = strawberry.field(description="`DONE` or `REFUSED`.", deprecation_reason="Use `result`.")
    result: AuditOutcome = strawberry.field(description="Its outcome.")
    detail: JSON | None
    api_key_id: strawberry.ID | None = strawberry.field(description="The API key that was used, if any.")
    address: str | None = strawberry.field(description="Network address of the request.")
    request_id: strawberry.ID | None = strawberry.field(description=("Id of the request in the log of the server."))

    @classmethod
    def of(cls, entry: types.AuditEntry) -> Self:
        """The view of an entry."""
        return cls(
            id=strawberry.ID(str(entry.id)),
            at=entry.at,
            actor=entry.actor,
            by=entry.actor,
            action=entry.action,
            target=entry.target,
            outcome=entry.outcome.value,
            result=entry.outcome,
            detail=None if entry.detail is None else raw_json(entry.detail),
            api_key_id=_id(entry.api_key_id),
            address=entry.address,
            request_id=_id(entry.request_id),
        )


def _grant_key(grant: types.Grant) -> tuple[str, str]:
    return str(grant.account_id), grant.permission.value


def _id(identifier: UUID | None) -> strawberry.ID | None:
    return None if identifier is None else _id_of(identifier)


def _id_of(identifier: UUID) -> strawberry.ID:
    return strawberry.ID(str(identifier))
