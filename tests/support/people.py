"""People who signed in, their accounts, and everything that the access area stores: for tests of every area."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from domain.access.password_hashing import Passwords
from domain.access.service import Access, make_access
from domain.access.sessions import login
from domain.access.throttle import MemoryThrottle, Throttle
from domain.access.types import SYSTEM, Actor, Role, SignedIn, User
from domain.access.users import create_user
from domain.accounts.models import Account
from domain.accounts.types import AccountKind, PositionMode
from domain.kernel.bus import NullBus
from domain.kernel.database import fetch
from domain.kernel.time import utc_now
from domain.kernel.unit_of_work import unit_of_work

SECRET = "0123456789abcdef0123456789abcdef"
PASSWORD = "correct horse battery staple"
ADDRESS = "192.0.2.7"
_TABLES = ("users", "sessions", "refresh_tokens", "api_keys", "account_grants", "audit_entries", "topic_versions")


@dataclass(slots=True)
class Person:
    """A signed-in user."""

    user: User
    session: SignedIn
    actor: Actor

    @property
    def id(self) -> UUID:
        return self.user.id


def quick_access(throttle: Throttle | None = None) -> Access:
    """The area as one process has it, with the least hashing that argon2 allows: tests sign in hundreds of times."""
    hasher = PasswordHash([Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1)])
    return make_access(secret=SECRET, bus=NullBus(), throttle=throttle or MemoryThrottle(), passwords=Passwords(hasher))


async def join(access: Access, name: str, role: Role = Role.TRADER) -> Person:
    """Add a user, named by the part of the email before the @, and sign in."""
    email = f"{name}@example.com"
    user = await create_user(access, SYSTEM, email=email, name=name.title(), password=PASSWORD, role=role)
    return await sign_in(access, user)


async def sign_in(access: Access, user: User) -> Person:
    """Begin another session of a user."""
    session = await login(access, user.email, PASSWORD, ADDRESS)
    return Person(user, session, await access.authenticate(session.access_token))


async def open_account(access: Access, owner_id: UUID, name: str = "Main") -> UUID:
    """An empty account that its owner can see at once."""
    account = await Account.create(
        owner_id=owner_id,
        name=name,
        venue="paper",
        kind=AccountKind.CASH,
        position_mode=PositionMode.NETTING,
        currency="USD",
        created_at=utc_now(),
        rolled_at=utc_now(),
    )
    async with unit_of_work(access.bus) as work:
        await access.changed(work)
    return account.id


async def stored(*leave_out: str) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that the access area stores, to show that nothing changed."""
    return {
        table: [tuple(row) for row in await fetch(f"SELECT * FROM {table} ORDER BY 1")]
        for table in _TABLES
        if table not in leave_out
    }


async def audited(action: str) -> list[tuple[Any, ...]]:
    """Actor, target, outcome and detail of the audit entries of an action, oldest first."""
    rows = await fetch("SELECT actor, target, outcome, detail FROM audit_entries WHERE action = $1 ORDER BY id", action)
    return [tuple(row) for row in rows]
