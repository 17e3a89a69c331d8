"""Connections to Redis: their pool, the errors that mean it is away, and the back-off."""

import asyncio

from redis.asyncio import ConnectionPool
from redis.exceptions import RedisError

# What a dead, restarting or overloaded server looks like from here; redis-py lets some of the socket's own through.
REDIS_ERRORS = (RedisError, OSError, asyncio.TimeoutError, EOFError)
# Bounds every exchange, as ``asyncio.timeout(ANSWER_TIMEOUT_SECONDS)`` around it.
ANSWER_TIMEOUT_SECONDS = 5.0

_CONNECT_TIMEOUT_SECONDS = 2.0
_FIRST_DELAY_SECONDS = 0.02
_LONGEST_DELAY_SECONDS = 1.0


def connection_pool(url: str) -> ConnectionPool:
    """Connections to ``url``, made when they are needed."""
    # No socket_timeout: with one, redis-py writes within asyncio.wait_for, which on Python 3.11 swallows a cancellation
    # that meets the end of the write, and the cancelled task would then run on for ever.
    return ConnectionPool.from_url(url, socket_connect_timeout=_CONNECT_TIMEOUT_SECONDS, protocol=2)


class Backoff:
    """Waits longer after each failure in a row, up to a second."""

    def __init__(self) -> None:
        self._delay = _FIRST_DELAY_SECONDS

    def succeeded(self) -> None:
        """Reset to the shortest wait."""
        self._delay = _FIRST_DELAY_SECONDS

    async def wait(self) -> None:
        """Wait before the next attempt."""
        await asyncio.sleep(self._delay)
        self._delay = min(self._delay * 2, _LONGEST_DELAY_SECONDS)
