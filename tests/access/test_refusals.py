"""Refusals are entries of the audit log, and cannot fill it."""

from uuid import UUID

import orjson
import pytest

from domain.access.attribution import Origin
from domain.access.refusals import PER_MINUTE, Refusals
from domain.access.service import Access
from domain.access.sessions import login
from domain.access.types import Actor, Role
from domain.kernel.database import fetch
from domain.kernel.errors import RateLimited, Unauthenticated
from tests.support.people import join

BOT = Actor(UUID(int=1), "bot@example.com", Role.TRADER, via="api_key", api_key_id=UUID(int=7))
HERE = Origin("192.0.2.1", UUID(int=5))


class Clock:
    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


async def entries() -> list[tuple[str, str, str, dict[str, object]]]:
    rows = await fetch("SELECT actor, action, address, detail FROM audit_entries WHERE outcome = 'REFUSED' ORDER BY id")
    return [(row["actor"], row["action"], row["address"], orjson.loads(row["detail"])) for row in rows]


async def test_a_flood_of_refusals_is_counted_in_the_next_audit_entry(access: Access) -> None:
    clock = Clock()
    refusals = Refusals(access.bus, monotonic=clock)
    for _ in range(PER_MINUTE + 25):
        await refusals.note(BOT, HERE, "deposit", "account:1", code="FORBIDDEN")
    # Somebody else, another address and another action have bounds of their own.
    await refusals.note(None, HERE, "deposit", None, code="FORBIDDEN")
    await refusals.note(BOT, Origin("192.0.2.2", UUID(int=6)), "deposit", None, code="FORBIDDEN")
    await refusals.note(BOT, HERE, "withdraw", None, code="NOT_FOUND", field="accountId")
    found = await entries()
    assert len(found) == PER_MINUTE + 3
    assert found[0] == ("bot@example.com", "deposit", "192.0.2.1", {"code": "FORBIDDEN"})
    assert found[-3][0] == "anonymous"
    assert found[-1][3] == {"code": "NOT_FOUND", "field": "accountId"}
    clock.seconds += 61
    await refusals.note(BOT, HERE, "deposit", None, code="FORBIDDEN")
    assert (await entries())[-1][3] == {"code": "FORBIDDEN", "suppressed": 25}


@pytest.mark.parametrize("named", ["account:\x00", "account:\ud800", "account:" + "x" * 10_000])
async def test_a_refusal_of_any_input_can_be_recorded(access: Access, named: str) -> None:
    await Refusals(access.bus).note(BOT, Origin("\x00", UUID(int=5)), "deposit", named, code="NOT_FOUND")
    (row,) = await fetch("SELECT target FROM audit_entries")
    assert row["target"].startswith("account:")
    assert len(row["target"]) <= 300


async def test_a_throttled_sign_in_has_an_audit_entry(access: Access) -> None:
    ann = await join(access, "ann")
    for _ in range(10):
        with pytest.raises(Unauthenticated):
            await login(access, ann.user.email, "wrong wrong wrong", "192.0.2.9")
    with pytest.raises(RateLimited):
        await login(access, ann.user.email, "wrong wrong wrong", "192.0.2.9")
    found = await entries()
    assert len(found) == 11
    assert found[-1] == ("anonymous", "login", "192.0.2.9", {"code": "RATE_LIMITED"})
