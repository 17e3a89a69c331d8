"""Questions about people and access."""

from datetime import datetime
from functools import partial
from typing import Annotated

import strawberry

from api.access.types import ApiKey, AuditEntry, User
from api.context import Info
from api.pages import Connection, connection
from domain.access import audit, keys, users
from domain.access.audit_queries import AuditFilter
from domain.kernel.pages import page_request


@strawberry.type
class AccessQuery:
    """The area's part of the root query."""

    @strawberry.field(description="Who you are.")
    async def viewer(self, info: Info) -> User:
        """The person behind the credential."""
        return User.of(await users.read_viewer(info.context.require_actor()))

    @strawberry.field(description="Everybody who may sign in, oldest first. Needs ADMIN.")
    async def users(self, info: Info, first: int | None = None, after: str | None = None) -> Connection[User]:
        """A page of users."""
        actor = info.context.require_actor()
        page = await users.page_users(actor, page_request(first, after, parts=1))
        return connection(page, User.of, partial(users.count_users, actor))

    @strawberry.field(description="Your API keys, newest first, revoked ones included.")
    async def api_keys(self, info: Info) -> list[ApiKey]:
        """The actor's own keys."""
        return [ApiKey.of(key) for key in await keys.read_keys(info.context.require_actor())]

    @strawberry.field(
        description="What was done and refused, newest first, in `from` <= at < `to`. Needs ADMIN or RISK_MANAGER."
    )
    async def audit_log(
        self,
        info: Info,
        actor: str | None = None,
        action: str | None = None,
        since: Annotated[datetime | None, strawberry.argument(name="from")] = None,
        until: Annotated[datetime | None, strawberry.argument(name="to")] = None,
        first: int | None = None,
        after: str | None = None,
    ) -> Connection[AuditEntry]:
        """A page of the audit log."""
        asker = info.context.require_actor()
        wanted = AuditFilter(actor=actor, action=action, since=since, until=until)
        page = await audit.page_log(asker, page_request(first, after, parts=1), wanted)
        return connection(page, AuditEntry.of, partial(audit.count_log, asker, wanted))
