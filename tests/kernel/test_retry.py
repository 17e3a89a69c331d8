"""Waiting before something is tried again."""

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel import retry_policies
from domain.kernel.errors import Conflict, Unavailable
from domain.kernel.retry import Backoff, keep_trying
from domain.kernel.retry_policies import RetryPolicy
from domain.kernel.supervision import Guarded, HandedTo

POLICIES = [value for value in vars(retry_policies).values() if isinstance(value, RetryPolicy)]
AT_ONCE = RetryPolicy(0.0, 0.0)


class Log:
    """Records the logged events with their levels."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def warning(self, event: str, **_said: object) -> None:
        self.told.append(("warning", event))

    def error(self, event: str, **_said: object) -> None:
        self.told.append(("error", event))


@pytest.fixture
def log() -> Log:
    return Log()


def test_retry_delays_grow_vary_and_restart() -> None:
    chances = iter([0.0, 1.0, 0.5, 0.0, 1.0])
    backoff = Backoff(RetryPolicy(0.5, 1.5, jitter=0.5), chances.__next__)
    assert [backoff.next_seconds() for _ in range(4)] == [0.25, 1.0, 1.125, 0.75]
    backoff.succeeded()
    assert backoff.next_seconds() == 0.5


@given(st.sampled_from(POLICIES), st.integers(1, 10_000), st.floats(0, 1))
def test_a_retry_delay_lies_within_the_bounds_of_its_policy(policy: RetryPolicy, failures: int, chance: float) -> None:
    longest = min(policy.longest_seconds, policy.first_seconds * 2 ** min(failures - 1, 60))
    delay = policy.delay_seconds(failures, chance)
    assert longest * (1 - policy.jitter) - 1e-9 <= delay <= longest
    assert delay <= policy.delay_seconds(failures + 1, 1.0)
    assert (policy.delay_seconds(failures, 0.0) < longest) is (policy.jitter > 0)


def test_delays_convert_to_nanoseconds_exactly() -> None:
    waits = [RetryPolicy(1.0, 30.0).delay_nanos(failures) for failures in (1, 2, 5, 6, 1_000)]
    assert waits == [10**9, 2 * 10**9, 16 * 10**9, 30 * 10**9, 30 * 10**9]


async def test_an_action_is_retried_while_the_database_is_away_and_not_after_other_errors(log: Log) -> None:
    tries: list[Exception | None] = [Unavailable("away"), Unavailable("away"), None]

    async def act() -> str:
        error = tries.pop(0)
        if error is not None:
            raise error
        return "done"

    bound: structlog.stdlib.BoundLogger = log  # type: ignore[assignment]  # what is used of one
    assert await keep_trying(act, bound, "cannot, keeps trying", policy=AT_ONCE) == "done"
    assert log.told == [("warning", "cannot, keeps trying")] * 2
    tries.append(Conflict("no"))
    with pytest.raises(Conflict):
        await keep_trying(act, bound, "cannot", policy=AT_ONCE)


def test_a_guarded_failure_is_logged_and_does_not_end_the_loop(log: Log) -> None:
    bound: structlog.stdlib.BoundLogger = log  # type: ignore[assignment]  # what is used of one
    for error in (Unavailable("away"), RuntimeError("defect")):
        with Guarded(bound, "failed") as guarded:
            raise error
        assert guarded.failed
    assert log.told == [("warning", "failed"), ("error", "failed")]
    with Guarded(bound, "failed") as guarded:
        pass
    assert not guarded.failed
    with pytest.raises(Conflict), Guarded(bound, "failed", but=Conflict):
        raise Conflict("passes")
    with pytest.raises(KeyboardInterrupt), Guarded(bound, "failed"):
        raise KeyboardInterrupt
    assert len(log.told) == 2


def test_a_failure_reaches_the_waiters_and_a_cancellation_does_not() -> None:
    handed: list[Exception] = []
    error = ValueError("theirs")
    with HandedTo(handed.append):
        raise error
    with pytest.raises(KeyboardInterrupt), HandedTo(handed.append):
        raise KeyboardInterrupt
    assert handed == [error]
