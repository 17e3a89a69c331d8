"""Waiting before an exchange is tried again."""

from hypothesis import given
from hypothesis import strategies as st

from adapters.venues.crypto.backoff import Backoff


def test_waits_grow_differ_and_begin_again() -> None:
    backoff = Backoff(0.5, 1.5, iter([0.0, 1.0, 0.5, 0.0, 1.0]).__next__)
    assert [backoff.next_seconds() for _ in range(4)] == [0.25, 1.0, 1.125, 0.75]
    backoff.succeeded()
    assert backoff.next_seconds() == 0.5


@given(st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=100))
def test_no_wait_is_longer_than_the_longest_or_shorter_than_half_of_the_first(chances: list[float]) -> None:
    backoff = Backoff(0.5, 30, iter(chances).__next__)
    assert all(0.25 <= backoff.next_seconds() <= 30 for _ in chances)
