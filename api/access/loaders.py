"""Nested people, loaded together."""

from uuid import UUID

from api.access.types import User
from api.context import Info
from domain.access.user_store import read_users


async def load_user(info: Info, user_id: UUID) -> User:
    """The view of a user whom another row names, and who is therefore there."""
    user = await info.context.load(read_users, user_id)
    assert user is not None, "users are never removed"
    return User.of(user)
