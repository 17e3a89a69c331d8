"""Actions that are repeated many times in a minute make one audit entry a minute, with their number."""

from uuid import UUID

import orjson
import pytest

from domain.access.attribution import Origin, coming_from
from domain.access.repeats import MAX_KEYS, Repeats
from domain.access.service import Access
from domain.access.types import Actor, Role
from domain.kernel.database import fetch
from domain.kernel.errors import Unavailable

BOT = Actor(UUID(int=1), "bot@example.com", Role.ADMIN, via="api_key", api_key_id=UUID(int=7))
HERE = Origin("192.0.2.1", UUID(int=5))


class Clock:
    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


async def entries() -> list[tuple[str, str | None, dict[str, int]]]:
    rows = await fetch("SELECT target, address, detail FROM audit_entries WHERE action = 'publishQuotes' ORDER BY id")
    return [(row["target"], row["address"], orjson.loads(row["detail"])) for row in rows]


async def test_repeated_calls_make_one_audit_entry_a_minute(access: Access) -> None:
    clock = Clock()
    repeats = Repeats(access.bus, monotonic=clock)
    with coming_from(HERE):
        for _ in range(25):
            await repeats.note(BOT, "publishQuotes", "quotes:live", quotes=3)
        await repeats.note(BOT, "publishQuotes", "quotes:tuesday", quotes=1)
        clock.seconds += 60
        await repeats.note(BOT, "publishQuotes", "quotes:live", quotes=3)
    assert await entries() == [
        ("quotes:live", "192.0.2.1", {"calls": 1, "quotes": 3}),
        ("quotes:tuesday", "192.0.2.1", {"calls": 1, "quotes": 1}),
        ("quotes:live", "192.0.2.1", {"calls": 25, "quotes": 75}),
    ]


async def test_calls_that_could_not_be_recorded_are_counted_with_the_next(
    access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    repeats = Repeats(access.bus)

    async def down(*_: object) -> None:
        raise Unavailable("The database cannot be reached.")

    with monkeypatch.context() as patch:
        patch.setattr("domain.access.repeats.record_all", down)
        await repeats.note(BOT, "publishQuotes", "quotes:live", quotes=3)
    assert await entries() == []
    await repeats.note(BOT, "publishQuotes", "quotes:live", quotes=4)
    assert await entries() == [("quotes:live", None, {"calls": 2, "quotes": 7})]


async def test_pending_counts_are_bounded(access: Access) -> None:
    repeats = Repeats(access.bus)
    for number in range(MAX_KEYS + 10):
        repeats._opened(("a", None, None, "publishQuotes", str(number)))
    assert len(repeats._windows) == MAX_KEYS
