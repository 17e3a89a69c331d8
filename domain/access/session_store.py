"""Sessions and refresh tokens in the database. Functions that change any are called with the session's user locked."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from domain.access import models
from domain.access.rules import MAX_SESSIONS, RefreshState
from domain.access.types import OpenSession
from domain.kernel.orm import count, read, value_of
from domain.kernel.orm_pages import page_by_id
from domain.kernel.pages import Page, PageRequest
from domain.kernel.time import utc_now
from domain.kernel.unit_of_work import UnitOfWork

# Of a user, the newest.
_MAX_LISTED = 500


@dataclass(frozen=True, slots=True)
class SignInPlace:
    """The address of the client of a session, and the name that its program gives itself."""

    address: str | None = None
    device: str | None = None


NOWHERE = SignInPlace()


async def insert_session(
    work: UnitOfWork, session_id: UUID, user_id: UUID, expires_at: datetime, place: SignInPlace = NOWHERE
) -> None:
    """Store a session that begins now; remove those of the user that expired, and the oldest beyond the bound."""
    db = await work.orm()
    mine = models.Session.filter(user_id=user_id).using_db(db)
    surplus = await mine.order_by("-id").offset(MAX_SESSIONS - 1).values_list("id", flat=True)
    await mine.filter(Q(expires_at__lte=work.now) | Q(id__in=surplus)).delete()
    await models.Session.create(
        using_db=db,
        id=session_id,
        user_id=user_id,
        created_at=work.now,
        expires_at=expires_at,
        used_at=work.now,
        address=place.address,
        device=place.device,
    )


async def insert_refresh_token(
    work: UnitOfWork, token_id: UUID, session_id: UUID, token_hash: str, expires_at: datetime
) -> None:
    """Store a refresh token issued now."""
    await models.RefreshToken.create(
        using_db=await work.orm(),
        id=token_id,
        session_id=session_id,
        token_hash=token_hash,
        issued_at=work.now,
        expires_at=expires_at,
    )


async def find_token_owner(work: UnitOfWork, token_hash: str) -> tuple[UUID, UUID] | None:
    """The user and the session that a refresh token belongs to; asked before the user is locked."""
    row = await _token(work, token_hash)
    return (row.session.user.id, row.session.id) if row is not None else None


async def read_refresh_state(work: UnitOfWork, token_hash: str) -> RefreshState | None:
    """The state of a refresh token, of its session and of its user."""
    row = await _token(work, token_hash)
    if row is None:
        return None
    session = row.session
    return RefreshState(row.used_at is not None, row.expires_at, session.ended_at is not None, session.user.active)


async def use_refresh_token(
    work: UnitOfWork, session_id: UUID, token_hash: str, session_expires_at: datetime, place: SignInPlace = NOWHERE
) -> None:
    """Mark a token as used, move its session's end and place, and drop the session's tokens that expired."""
    db = await work.orm()
    await models.RefreshToken.filter(token_hash=token_hash).using_db(db).update(used_at=work.now)
    await (
        models.Session.filter(id=session_id)
        .using_db(db)
        .update(expires_at=session_expires_at, used_at=work.now, address=place.address, device=place.device)
    )
    await models.RefreshToken.filter(session_id=session_id, expires_at__lte=work.now).using_db(db).delete()


async def end_session(work: UnitOfWork, session_id: UUID, reason: str) -> bool:
    """End a session; False when it had ended or does not exist."""
    query = models.Session.filter(id=session_id, ended_at__isnull=True).using_db(await work.orm())
    return await query.update(ended_at=work.now, end_reason=reason) > 0


async def end_sessions_of(work: UnitOfWork, user_id: UUID, reason: str, *, keep: UUID | None = None) -> int:
    """End all sessions of a user except the one to keep; how many there were."""
    query = models.Session.filter(user_id=user_id, ended_at__isnull=True).using_db(await work.orm())
    return await (query if keep is None else query.exclude(id=keep)).update(ended_at=work.now, end_reason=reason)


async def find_session(work: UnitOfWork, session_id: UUID) -> OpenSession | None:
    """A session that has not ended."""
    row = await _open().filter(id=session_id).using_db(await work.orm()).first()
    return value_of(OpenSession, row) if row is not None else None


async def _token(work: UnitOfWork, token_hash: str) -> models.RefreshToken | None:
    query = models.RefreshToken.filter(token_hash=token_hash).using_db(await work.orm())
    return await query.select_related("session__user").first()


async def find_sessions(session_ids: Collection[UUID]) -> dict[UUID, OpenSession]:
    """Open sessions by id."""
    rows = await read(_open().filter(id__in=list(session_ids)))
    return {row.id: value_of(OpenSession, row) for row in rows}


async def list_sessions(user_id: UUID) -> list[OpenSession]:
    """A user's open sessions, newest first."""
    rows = await read(_open().filter(user_id=user_id).order_by("-id").limit(_MAX_LISTED))
    return [value_of(OpenSession, row) for row in rows]


async def page_sessions(request: PageRequest, user_id: UUID) -> Page[OpenSession]:
    """A page of a user's open sessions, newest first.

    Raises:
        BadInput: the cursor belongs to another list.
    """
    query = _open().filter(user_id=user_id)
    return await page_by_id(request, query, lambda row: value_of(OpenSession, row), newest_first=True)


async def count_sessions(user_id: UUID) -> int:
    """The number of a user's open sessions."""
    return await count(_open().filter(user_id=user_id))


def _open() -> QuerySet[models.Session]:
    return models.Session.filter(ended_at__isnull=True, expires_at__gt=utc_now())
