from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.access import throttle as module
from domain.access.throttle import Limit, MemoryThrottle

LIMIT = Limit("login", 3, 60)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


async def test_an_attempt_beyond_the_limit_waits_until_the_first_leaves_the_window() -> None:
    clock = Clock()
    throttle = MemoryThrottle(clock)
    for _ in range(3):
        assert await throttle.wait_seconds(LIMIT, "ann") == 0
        await throttle.count(LIMIT, "ann")
        clock.now += 10
    assert await throttle.wait_seconds(LIMIT, "ann") == 30
    assert await throttle.wait_seconds(LIMIT, "bob") == 0
    assert await throttle.wait_seconds(Limit("other", 3, 60), "ann") == 0
    clock.now += 29.5
    assert await throttle.wait_seconds(LIMIT, "ann") == 1
    clock.now += 0.5
    assert await throttle.wait_seconds(LIMIT, "ann") == 0


async def test_the_number_of_throttled_keys_is_bounded_and_the_oldest_is_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MAX_KEYS", 2)
    throttle, once = MemoryThrottle(Clock()), Limit("once", 1, 60)
    for key in ("ann", "bob", "ann", "eve"):
        await throttle.count(once, key)
    assert [await throttle.wait_seconds(once, key) > 0 for key in ("ann", "bob", "eve")] == [True, False, True]


@given(st.lists(st.integers(min_value=0, max_value=40), max_size=30))
async def test_no_window_ever_holds_more_than_its_limit(pauses: Sequence[int]) -> None:
    clock, allowed = Clock(), list[float]()
    throttle = MemoryThrottle(clock)
    for pause in pauses:
        clock.now += pause
        wait = await throttle.wait_seconds(LIMIT, "ann")
        recent = [at for at in allowed if at > clock.now - LIMIT.window_seconds]
        assert (wait > 0) == (len(recent) == LIMIT.amount)
        if wait == 0:
            await throttle.count(LIMIT, "ann")
            allowed.append(clock.now)
