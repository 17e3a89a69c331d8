"""Token buckets: what one process allows, and what several allow together."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.redis.connection import REDIS_ERRORS
from adapters.redis.request_rates import SharedRates
from domain.access.token_buckets import Rate, TokenBuckets

RATE = Rate(per_second=2, burst=5)


def test_a_bucket_allows_a_burst_and_then_its_rate() -> None:
    buckets = TokenBuckets(RATE)
    assert [buckets.take("ann", 10.0).remaining for _ in range(5)] == [4, 3, 2, 1, 0]
    refused = buckets.take("ann", 10.0)
    assert (refused.wait_seconds, refused.remaining, refused.reset_seconds) == (1, 0, 3)
    # A refusal costs nothing, and nobody else waits.
    assert buckets.take("ann", 10.5).wait_seconds == 0
    assert buckets.take("ann", 10.5).wait_seconds == 1
    assert buckets.take("bob", 10.5).remaining == 4
    assert buckets.take("ann", 100.0).remaining == 4


@given(st.lists(st.floats(0, 2), min_size=1, max_size=200))
def test_no_period_ever_holds_more_than_burst_and_rate_allow(pauses: Sequence[float]) -> None:
    buckets, now, allowed = TokenBuckets(RATE), 0.0, list[float]()
    for pause in pauses:
        now += pause
        if buckets.take("ann", now).wait_seconds == 0:
            allowed.append(now)
    for first in range(len(allowed)):
        for last in range(first, len(allowed)):
            assert last - first + 1 <= RATE.burst + RATE.per_second * (allowed[last] - allowed[first]) + 1e-6


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 8)), max_size=60))
def test_tokens_taken_by_several_processes_are_paid_back(steps: Sequence[tuple[int, int]]) -> None:
    """Processes that report after each step are compared with one common bucket; time does not move."""
    processes = [TokenBuckets(Rate(1, 10)) for _ in range(3)]
    shared, allowed = 10.0, 0
    for which, requests in steps:
        buckets = processes[which]
        allowed += sum(buckets.take("ann", 0.0).wait_seconds == 0 for _ in range(requests))
        taken = buckets.report()
        shared -= taken.get("ann", 0)
        buckets.reconcile({"ann": shared} if taken else {}, 0.0)
    # Each process but the first to come may use its burst once before it hears of the others.
    assert allowed <= 30
    assert shared == 10 - allowed


def test_the_number_of_buckets_is_bounded_and_the_longest_unused_is_dropped() -> None:
    buckets = TokenBuckets(Rate(1, 1), max_keys=2)
    for key in ("ann", "bob", "ann", "eve"):
        buckets.take(key, 0.0)
    assert [buckets.take(key, 0.0).wait_seconds > 0 for key in ("ann", "eve", "bob")] == [True, True, False]


def test_tokens_taken_between_a_report_and_its_answer_count() -> None:
    buckets = TokenBuckets(Rate(1, 10))
    buckets.take("ann", 0.0)
    assert buckets.report() == {"ann": 1}
    buckets.take("ann", 0.0)
    buckets.reconcile({"ann": 4.0, "gone": 1.0}, 0.0)
    assert buckets.take("ann", 0.0).remaining == 2
    assert buckets.report() == {"ann": 2}
    assert buckets.report() == {}


async def test_processes_share_one_bucket(redis_url: str) -> None:
    # So slow that nothing comes back while the test runs.
    rates = {"actor": Rate(0.001, 10), "address": Rate(0, 1)}
    first, second = SharedRates(redis_url, rates), SharedRates(redis_url, rates)
    for _ in range(7):
        assert first.take("actor", "ann") is not None
    await first.report()
    seen = second.take("actor", "ann")
    assert seen is not None
    # It has not asked anybody yet.
    assert seen.remaining == 9
    await second.report()
    assert [_waits(second) for _ in range(4)] == [False, False, True, True]
    assert second.take("address", "127.0.0.1") is None
    for each in (first, second):
        await each.__aexit__(None, None, None)


def _waits(rates: SharedRates) -> bool:
    answer = rates.take("actor", "ann")
    assert answer is not None
    return answer.wait_seconds > 0


async def test_a_process_keeps_the_rate_alone_without_redis() -> None:
    async with SharedRates("redis://127.0.0.1:1/0", {"actor": Rate(0.001, 2)}) as rates:
        assert not _waits(rates)
        with pytest.raises(REDIS_ERRORS):
            await rates.report()
        assert [_waits(rates) for _ in range(2)] == [False, True]
