"""The clock of a process: it does not jump with the machine's, and follows the database's when that stays different."""

import asyncio
import time as clock
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from adapters.database.clock import ClockFollower
from domain.kernel import time
from domain.kernel.clock_queries import read_clock
from domain.kernel.errors import Unavailable
from domain.kernel.time import Nanos, set_clock, utc_now

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    time._clock.start()


def test_a_change_of_the_machine_clock_has_no_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    before = utc_now()
    monkeypatch.setattr(time, "time_ns", lambda: clock.time_ns() + 3_600_000_000_000)
    assert timedelta(0) <= utc_now() - before < HOUR / 2
    # A process that starts, or is forked, takes what it finds.
    time._clock.start()
    assert utc_now() - before >= HOUR


def test_both_forms_of_the_time_come_from_one_clock() -> None:
    before = utc_now()
    set_clock(HOUR)
    assert HOUR <= utc_now() - before < HOUR * 1.5
    assert abs(Nanos.now().to_datetime() - utc_now()) < HOUR / 2
    set_clock(-HOUR)
    assert timedelta(0) <= utc_now() - before < HOUR / 2


def follower(*differences: timedelta) -> ClockFollower:
    told = iter(differences)

    async def read() -> datetime:
        return utc_now() + next(told)

    return ClockFollower(read)


async def test_a_difference_counts_only_when_it_lasts() -> None:
    nothing = timedelta(0)
    following = follower(HOUR, HOUR, nothing, HOUR, HOUR, HOUR, nothing)
    before = utc_now()
    assert [await following.look() for _ in range(5)] == [False] * 5
    assert utc_now() - before < HOUR / 2
    assert await following.look()
    assert HOUR * 0.9 <= utc_now() - before < HOUR * 1.5
    assert not await following.look()


@pytest.mark.parametrize("difference", [HOUR, -HOUR])
async def test_a_difference_at_the_start_counts_at_once_in_either_direction(difference: timedelta) -> None:
    before = utc_now()
    assert await follower(difference).look(needed=1)
    assert abs(utc_now() - before - difference) < HOUR / 2
    assert not await follower(timedelta(0)).look(needed=1)


async def test_network_time_is_not_a_difference() -> None:
    async def read() -> datetime:
        await asyncio.sleep(0.05)
        made = utc_now()
        await asyncio.sleep(0.05)
        return made

    assert not await ClockFollower(read).look(needed=1)


async def test_the_time_of_the_database_is_read(database: str) -> None:
    assert abs(await read_clock() - utc_now()) < HOUR / 2
    assert not await ClockFollower().look()


async def test_an_unreachable_database_does_not_change_the_clock() -> None:
    async def read() -> datetime:
        raise Unavailable("away")

    before = utc_now()
    with pytest.raises(Unavailable):
        await ClockFollower(read).look()
    assert utc_now() - before < HOUR / 2
