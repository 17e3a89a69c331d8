"""API keys in the database. A change is made with the key's user locked."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from domain.access import models
from domain.access.stored_limits import read_limits, stored_limits
from domain.access.types import ApiKey
from domain.kernel.orm import columns_of, count, read, value_of
from domain.kernel.orm_pages import page_by_id
from domain.kernel.pages import Page, PageRequest
from domain.kernel.time import utc_now
from domain.kernel.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class KeySecret:
    """The digest that an API key is checked against."""

    id: UUID
    secret_hash: str
    expires_at: datetime | None


async def find_key_secret(prefix: str) -> KeySecret | None:
    """The digest of the key with this prefix; ``load_key_actor`` says whether it was revoked."""
    rows = await read(models.ApiKey.filter(prefix=prefix))
    return value_of(KeySecret, rows[0]) if rows else None


async def insert_key(work: UnitOfWork, key: ApiKey, secret_hash: str) -> None:
    """Store a new key."""
    columns = columns_of(key) | stored_limits(key.limits)
    del columns["limits"]
    await models.ApiKey.create(using_db=await work.orm(), secret_hash=secret_hash, **columns)


async def count_keys(work: UnitOfWork, user_id: UUID) -> int:
    """The number of a user's keys that were not revoked."""
    return await models.ApiKey.filter(user_id=user_id, revoked_at__isnull=True).using_db(await work.orm()).count()


async def lock_key(work: UnitOfWork, key_id: UUID) -> ApiKey | None:
    """Lock a key's row."""
    query = models.ApiKey.filter(id=key_id).using_db(await work.orm())
    row = await query.select_for_update(no_key=True).first()
    return _key_of(row) if row is not None else None


async def write_revoked(work: UnitOfWork, key_id: UUID) -> None:
    """Mark a key as revoked now."""
    await models.ApiKey.filter(id=key_id).using_db(await work.orm()).update(revoked_at=work.now)


async def note_key_use(work: UnitOfWork, key_id: UUID, *, unless_since: datetime) -> None:
    """Write that a key was used now, unless a later use is written."""
    query = models.ApiKey.filter(id=key_id).using_db(await work.orm())
    outdated = Q(last_used_at__isnull=True) | Q(last_used_at__lt=unless_since)
    await query.filter(outdated).update(last_used_at=work.now)


async def find_keys(key_ids: Collection[UUID]) -> dict[UUID, ApiKey]:
    """Keys by id, revoked ones included."""
    return {row.id: _key_of(row) for row in await read(models.ApiKey.filter(id__in=list(key_ids)))}


async def read_keys(user_id: UUID, limit: int) -> list[ApiKey]:
    """A user's keys, newest first, revoked ones included."""
    rows = await read(models.ApiKey.filter(user_id=user_id).order_by("-id").limit(limit))
    return [_key_of(row) for row in rows]


async def page_keys(request: PageRequest, user_id: UUID, key_id: UUID | None, *, active: bool | None) -> Page[ApiKey]:
    """A page of a user's keys, or of the one that is named, newest first.

    Raises:
        BadInput: the cursor belongs to another list.
    """
    return await page_by_id(request, _listed(user_id, key_id, active=active), _key_of, newest_first=True)


async def count_listed(user_id: UUID, key_id: UUID | None, *, active: bool | None) -> int:
    """The number of these keys."""
    return await count(_listed(user_id, key_id, active=active))


def _listed(user_id: UUID, key_id: UUID | None, *, active: bool | None) -> QuerySet[models.ApiKey]:
    query = models.ApiKey.filter(user_id=user_id)
    if key_id is not None:
        query = query.filter(id=key_id)
    if active is None:
        return query
    now = utc_now()
    if active:
        return query.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now), revoked_at__isnull=True)
    return query.filter(Q(revoked_at__isnull=False) | Q(expires_at__lte=now))


def _key_of(row: models.ApiKey) -> ApiKey:
    return value_of(ApiKey, row, limits=read_limits(row.scopes, row.account_ids, row.addresses))
