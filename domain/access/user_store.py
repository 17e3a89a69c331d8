"""Users in the database.

A change of a user's rights or sessions holds the user's row (``lock_user``), so that such changes of one user follow
each other.
"""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from tortoise.expressions import Q

from domain.access import models
from domain.access.types import Role, User
from domain.kernel.orm import columns_of, count, read, value_of
from domain.kernel.orm_pages import page_by_id
from domain.kernel.pages import Page, PageRequest
from domain.kernel.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class StoredPassword:
    """The password hash that a sign-in is checked against, and whose it is."""

    user_id: UUID
    active: bool
    password_hash: str


async def find_password(email: str) -> StoredPassword | None:
    """The password hash of the person with this email."""
    rows = await read(models.User.filter(email=email))
    return StoredPassword(rows[0].id, rows[0].active, rows[0].password_hash) if rows else None


async def lock_user(work: UnitOfWork, user_id: UUID) -> tuple[User, str] | None:
    """Lock a user's row; the user and the password hash."""
    query = models.User.filter(id=user_id).using_db(await work.orm())
    row = await query.select_for_update(no_key=True).first()
    return (value_of(User, row), row.password_hash) if row is not None else None


async def lock_user_and_admins(work: UnitOfWork, user_id: UUID) -> list[User]:
    """Lock a user and all active administrators, in id order: to keep the last of them."""
    wanted = Q(id=user_id) | Q(role=Role.ADMIN, active=True)
    query = models.User.filter(wanted).using_db(await work.orm()).order_by("id")
    return [value_of(User, row) for row in await query.select_for_update(no_key=True)]


async def insert_user(work: UnitOfWork, user: User, password_hash: str) -> bool:
    """Store a new user; False when the email is taken."""
    return await work.insert_once(
        models.User(**columns_of(user), password_hash=password_hash, updated_at=user.created_at)
    )


async def write_user(work: UnitOfWork, user: User, password_hash: str | None = None) -> None:
    """Write a locked user's name, role and state, and the password hash if one is given."""
    columns = columns_of(user, "name", "role", "active")
    if password_hash is not None:
        columns["password_hash"] = password_hash
    await models.User.filter(id=user.id).using_db(await work.orm()).update(updated_at=work.now, **columns)


async def find_user_by_email(email: str) -> User | None:
    """The person with this email."""
    rows = await read(models.User.filter(email=email))
    return value_of(User, rows[0]) if rows else None


async def read_users(user_ids: Collection[UUID]) -> dict[UUID, User]:
    """Users by id; unknown ones are left out."""
    return {row.id: value_of(User, row) for row in await read(models.User.filter(id__in=list(user_ids)))}


async def page_users(request: PageRequest) -> Page[User]:
    """A page of all users, oldest first."""
    return await page_by_id(request, models.User.all(), lambda row: value_of(User, row))


async def count_users() -> int:
    """The number of users."""
    return await count(models.User.all())
