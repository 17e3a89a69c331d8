"""Retry policies, pure: the waits of everything that is tried again, one policy per kind of failure, in one list.

Each wait is longer after each failure in a row, up to a bound. Where many processes lose the same server together, a
part of the wait is random, so that they do not return together.

Source of the jitter: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
"""

from dataclasses import dataclass

from domain.kernel.time import NANOS_PER_SECOND


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """The waits of one kind of trouble. ``jitter`` is the part of each wait that is left to chance."""

    first_seconds: float
    longest_seconds: float
    jitter: float = 0.0

    def delay_seconds(self, failures: int, chance: float = 1.0) -> float:
        """The wait after the ``failures``-th failure in a row; ``chance`` is from 0 to 1."""
        longest = min(self.longest_seconds, self.first_seconds * 2.0 ** min(failures - 1, 30))
        return longest * (1 - self.jitter * (1 - chance))

    def delay_nanos(self, failures: int) -> int:
        """The same wait in nanoseconds, without chance."""
        return round(self.delay_seconds(failures) * NANOS_PER_SECOND)


# Our own database: it is back at any moment, and one process asks it seldom.
DATABASE = RetryPolicy(0.5, 0.5)
# A role of the engine, or its watch over one account, begins again.
RESTART = RetryPolicy(1.0, 1.0)
# Reading the market: nothing is decided without it.
MARKET = RetryPolicy(0.2, 0.2)
REDIS = RetryPolicy(0.02, 1.0)
# The log or the state that subscriptions follow.
SUBSCRIPTION = RetryPolicy(0.1, 5.0)
# Streams of exchanges: they limit how often a client connects.
EXCHANGE = RetryPolicy(0.5, 30.0, jitter=0.5)
# Questions about a request that a venue has not answered.
VENUE_REQUEST = RetryPolicy(1.0, 30.0)
LIQUIDATION = RetryPolicy(1.0, 60.0)
# A store of time series outside.
SERIES = RetryPolicy(1.0, 60.0, jitter=0.5)
# A change of the schema that gave way to transactions which had its tables.
MIGRATION = RetryPolicy(0.1, 1.0, jitter=0.5)
TASK = RetryPolicy(2.0, 300.0, jitter=0.5)
