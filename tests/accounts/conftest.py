"""People and accounts for tests with a database."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from domain.access.service import Access, make_access
from domain.access.throttle import MemoryThrottle
from domain.access.types import OWNED, Actor, Role
from domain.accounts.service import OpenAccount, open_account
from domain.accounts.types import AccountBook
from domain.kernel.bus import NullBus
from domain.kernel.ids import new_id
from domain.kernel.time import utc_now
from domain.kernel.unit_of_work import unit_of_work

VENUES = frozenset({"paper"})
MakeActor = Callable[..., Awaitable[Actor]]
Open = Callable[..., Awaitable[tuple[Actor, AccountBook]]]


@pytest.fixture
def access(database: str) -> Access:
    """The access area over the test's database."""
    return make_access(secret="s" * 32, bus=NullBus(), throttle=MemoryThrottle())


@pytest.fixture
def make_actor(database: str) -> MakeActor:
    """Adds a user and gives the actor that it would be."""

    async def make(role: Role = Role.TRADER, **others: Any) -> Actor:
        user_id = new_id()
        async with unit_of_work(NullBus()) as work:
            await work.execute(
                "INSERT INTO users (id, email, name, role, active, password_hash, created_at, updated_at) "
                "VALUES ($1, $2, 'Somebody', $3, true, 'none', $4, $4)",
                user_id,
                f"{user_id}@example.org",
                role.value,
                utc_now(),
            )
        return Actor(user_id=user_id, email=f"{user_id}@example.org", role=role, **others)

    return make


@pytest.fixture
def open_one(access: Access, make_actor: MakeActor) -> Open:
    """Opens an account and gives its owner, who may trade it."""

    async def open_it(**others: Any) -> tuple[Actor, AccountBook]:
        actor = await make_actor()
        values = {"name": "Main", "currency": "USD"} | others
        book = await open_account(access, actor, OpenAccount(**values), venues=VENUES)
        owner = Actor(
            user_id=actor.user_id,
            email=actor.email,
            role=actor.role,
            accounts={book.id: OWNED},
        )
        return owner, book

    return open_it
