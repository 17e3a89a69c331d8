"""Queries about people and access."""

from datetime import datetime
from functools import partial
from typing import Annotated

import strawberry

from api.access.enums import AuditOutcome
from api.access.types import ApiKey, AuditEntry, OpenSession, User
from api.context import Info
from api.ids import named
from api.pages import Connection, connection
from api.transport.files.exports import ACTION as EXPORT
from api.transport.files.imports import ACTION as IMPORT
from domain.access import audit, keys, signed_in, users
from domain.access.audit_queries import AuditFilter
from domain.kernel.errors import BadInput
from domain.kernel.pages import page_request


@strawberry.type
class AccessQuery:
    """The area's part of the root query."""

    @strawberry.field(description="The signed-in user.")
    async def viewer(self, info: Info) -> User:
        """The person behind the credential."""
        return User.of(await users.read_viewer(info.context.require_actor()))

    @strawberry.field(description="All users, oldest first. Needs ADMIN.")
    async def users(
        self,
        info: Info,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[User]:
        """A page of users."""
        actor = info.context.require_actor()
        page = await users.page_users(actor, page_request(first, after, last, before, parts=1, of="users"))
        return connection(page, User.of, partial(users.count_users, actor))

    @strawberry.field(
        description="Your API keys, newest first, revoked ones included. An API key without MANAGE sees only itself. "
        "In pages: `apiKeysConnection`."
    )
    async def api_keys(self, info: Info) -> list[ApiKey]:
        """The actor's own keys."""
        return [ApiKey.of(key) for key in await keys.read_keys(info.context.require_actor())]

    @strawberry.field(
        description=(
            "Your active sessions, or as ADMIN those of a user, newest first. An API key needs MANAGE. "
            "In pages: `sessionsConnection`."
        )
    )
    async def sessions(self, info: Info, user_id: strawberry.ID | None = None) -> list[OpenSession]:
        """Sessions with their devices and addresses."""
        actor = info.context.require_actor()
        found = await signed_in.read_sessions(actor, None if user_id is None else named(user_id))
        return [OpenSession.of(session) for session in found]

    @strawberry.field(description="Your API keys, newest first. An API key without MANAGE sees only itself.")
    async def api_keys_connection(
        self,
        info: Info,
        active: bool | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[ApiKey]:
        """A page of the actor's own keys."""
        actor = info.context.require_actor()
        request = page_request(first, after, last, before, parts=1, of=("apiKeys", active))
        page = await keys.page_keys(actor, request, active=active)
        return connection(page, ApiKey.of, partial(keys.count_keys, actor, active=active))

    @strawberry.field(
        description="Your active sessions, or as ADMIN those of a user, newest first. An API key needs MANAGE."
    )
    async def sessions_connection(
        self,
        info: Info,
        user_id: strawberry.ID | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[OpenSession]:
        """A page of sessions with their devices and addresses."""
        actor, wanted = info.context.require_actor(), None if user_id is None else named(user_id)
        request = page_request(first, after, last, before, parts=1, of=("sessions", wanted))
        page = await signed_in.page_sessions(actor, request, wanted)
        return connection(page, OpenSession.of, partial(signed_in.count_sessions, actor, wanted))

    @strawberry.field(
        description=(
            "Actions that were done or refused, newest first, in `from` <= at < `to`; each order has its own "
            "entry, with the action `placeOrder` however it was placed. Needs ADMIN or RISK_MANAGER."
        )
    )
    async def audit_log(
        self,
        info: Info,
        actor: str | None = None,
        action: str | None = None,
        target: str | None = None,
        outcome: AuditOutcome | None = None,
        since: Annotated[datetime | None, strawberry.argument(name="from")] = None,
        until: Annotated[datetime | None, strawberry.argument(name="to")] = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[AuditEntry]:
        """A page of the audit log."""
        asker = info.context.require_actor()
        check_action(info, action)
        wanted = AuditFilter(actor, action, target, outcome, since, until)
        request = page_request(first, after, last, before, parts=1, of=("auditLog", wanted))
        page = await audit.page_log(asker, request, wanted)
        return connection(page, AuditEntry.of, partial(audit.count_log, asker, wanted))


def check_action(info: Info, action: str | None) -> None:
    """Check that the name is that of a root field, by which entries are named, or that of a transfer of files.

    Raises:
        BadInput: there is none of that name.
    """
    schema = info._raw_info.schema
    roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
    if action not in (None, EXPORT, IMPORT) and not any(root is not None and action in root.fields for root in roots):
        raise BadInput("There is no operation of that name.", field="action")
