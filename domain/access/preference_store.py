"""Reads and writes of preferences through their model."""

from uuid import UUID

from domain.access.models import UserPreferences
from domain.kernel.orm import read
from domain.kernel.unit_of_work import UnitOfWork


async def read_content(user_id: UUID) -> str | None:
    """A person's preferences as JSON text; None if there are none."""
    rows = await read(UserPreferences.filter(user_id=user_id))
    return rows[0].content if rows else None


async def load_content(work: UnitOfWork, user_id: UUID) -> str | None:
    """The same within a unit of work."""
    row = await UserPreferences.filter(user_id=user_id).using_db(await work.orm()).first()
    return row.content if row is not None else None


async def write_content(work: UnitOfWork, user_id: UUID, content: str, *, is_new: bool) -> None:
    """Store a person's preferences, for the first time or again."""
    db, values = await work.orm(), {"content": content, "updated_at": work.now}
    if is_new:
        await UserPreferences.create(using_db=db, user_id=user_id, **values)
    else:
        await UserPreferences.filter(user_id=user_id).using_db(db).update(**values)
