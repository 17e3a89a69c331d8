"""The sessions of a user: listing them, and ending them from another session."""

from uuid import UUID

from domain.access import session_store, user_store
from domain.access.audit import record, target_of
from domain.access.service import Access
from domain.access.types import Actor, OpenSession, Role
from domain.kernel.errors import Forbidden, NotFound
from domain.kernel.pages import Page, PageRequest
from domain.kernel.unit_of_work import unit_of_work


async def read_sessions(actor: Actor, user_id: UUID | None = None) -> list[OpenSession]:
    """The sessions of the actor, or as an administrator of anybody, that have not ended; newest first.

    Raises:
        Forbidden: they are somebody else's, or an API key without MANAGE asks.
        NotFound: there is no such user.
    """
    return await session_store.list_sessions(await _listed_user(actor, user_id))


async def page_sessions(actor: Actor, request: PageRequest, user_id: UUID | None = None) -> Page[OpenSession]:
    """A page of the same sessions.

    Raises:
        BadInput: the cursor belongs to another list.
        Forbidden: they are somebody else's, or an API key without MANAGE asks.
        NotFound: there is no such user.
    """
    return await session_store.page_sessions(request, await _listed_user(actor, user_id))


async def count_sessions(actor: Actor, user_id: UUID | None = None) -> int:
    """The number of these sessions; who may not see them gets the same errors."""
    return await session_store.count_sessions(await _listed_user(actor, user_id))


async def _listed_user(actor: Actor, user_id: UUID | None) -> UUID:
    wanted = actor.user_id if user_id is None else user_id
    if wanted != actor.user_id and actor.role is not Role.ADMIN:
        raise Forbidden("Only an administrator sees the sessions of others.")
    if not actor.may_manage:
        raise Forbidden("An API key needs the scope MANAGE to see sessions.")
    if wanted != actor.user_id and wanted not in await user_store.read_users([wanted]):
        raise NotFound("There is no such user.", field="userId")
    return wanted


async def revoke_session(access: Access, actor: Actor, session_id: UUID) -> OpenSession:
    """End one of the actor's sessions, or as an administrator anybody's, with all its tokens.

    Raises:
        NotFound: there is none, it has ended, or it is somebody else's.
        Forbidden: an API key of no administrator asks.
    """
    if actor.via == "api_key" and actor.role is not Role.ADMIN:
        raise Forbidden("An API key cannot end its owner's sessions: sign in.")
    async with unit_of_work(access.bus) as work:
        found = await session_store.find_session(work, session_id)
        if found is None or (found.user_id != actor.user_id and actor.role is not Role.ADMIN):
            raise NotFound("There is no such session.", field="id")
        await user_store.lock_user(work, found.user_id)
        if not await session_store.end_session(work, session_id, "revoked"):
            raise NotFound("There is no such session.", field="id")
        await access.changed(work)
        told = {"userId": found.user_id, "address": found.address}
        await record(work, actor, "revokeSession", target_of("session", session_id), detail=told)
    return found


async def revoke_other_sessions(access: Access, actor: Actor) -> int:
    """End all of the actor's sessions but the one that asks; how many there were.

    Raises:
        Forbidden: an API key asks, which belongs to no session.
    """
    if actor.via != "session":
        raise Forbidden("An API key cannot end its owner's sessions: sign in.")
    async with unit_of_work(access.bus) as work:
        await user_store.lock_user(work, actor.user_id)
        ended = await session_store.end_sessions_of(work, actor.user_id, "revoked", keep=actor.session_id)
        if ended:
            await access.changed(work)
            target = target_of("user", actor.user_id)
            await record(work, actor, "revokeOtherSessions", target, detail={"sessions": ended})
    return ended
