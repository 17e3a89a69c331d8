"""Counting attempts across all processes, in Redis; each process counts by itself while Redis is away.

A process's own count always holds, so neither an outage nor a flush of Redis resets it.
"""

import time
from math import ceil
from types import TracebackType
from typing import Self

import structlog
from limits import RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from redis.asyncio import ConnectionPool

from adapters.redis.connection import REDIS_ERRORS
from domain.access.throttle import Limit, MemoryThrottle

# Somebody waits for the answer, and there is another way to give it.
_TIMEOUT_SECONDS = 0.5
_PAUSE_SECONDS = 5.0
_MAX_CONNECTIONS = 8
_log = structlog.get_logger(__name__)


class RedisThrottle:
    """``domain.access.throttle.Throttle`` over Redis."""

    def __init__(self, url: str) -> None:
        self._pool = ConnectionPool.from_url(
            url,
            socket_connect_timeout=_TIMEOUT_SECONDS,
            socket_timeout=_TIMEOUT_SECONDS,
            max_connections=_MAX_CONNECTIONS,
        )
        storage = RedisStorage(
            "async+redis://",
            implementation="redispy",
            key_prefix="throttle",
            connection_pool=self._pool,  # type: ignore[arg-type]  # goes to redis-py as it is
        )
        self._shared = MovingWindowRateLimiter(storage)
        self._own = MemoryThrottle()
        self._away_until = 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._pool.disconnect()

    async def wait_seconds(self, limit: Limit, key: str) -> int:
        """Whole seconds until another attempt is allowed, 0 when it is allowed now."""
        own = await self._own.wait_seconds(limit, key)
        if own > 0 or self._away():
            return own
        try:
            window = await self._shared.get_window_stats(_item(limit), limit.name, key)
        except REDIS_ERRORS as error:
            self._went_away(error)
            return own
        # The clock may have jumped since what was counted: nobody waits for longer than the window.
        seconds = min(limit.window_seconds, max(1, ceil(window.reset_time - time.time())))
        return seconds if window.remaining <= 0 else 0

    async def count(self, limit: Limit, key: str) -> None:
        """Count one attempt."""
        await self._own.count(limit, key)
        if self._away():
            return
        try:
            await self._shared.hit(_item(limit), limit.name, key)
        except REDIS_ERRORS as error:
            self._went_away(error)

    def _away(self) -> bool:
        return time.monotonic() < self._away_until

    def _went_away(self, error: BaseException) -> None:
        # Nobody else is to wait for a server that does not answer.
        self._away_until = time.monotonic() + _PAUSE_SECONDS
        _log.warning(
            "attempts are counted by this process alone while Redis is unreachable", error=repr(error), seldom=True
        )


def _item(limit: Limit) -> RateLimitItemPerSecond:
    return RateLimitItemPerSecond(limit.amount, limit.window_seconds)
