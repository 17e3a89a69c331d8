"""Rates of requests over all web processes: each decides by itself, and reports to buckets in Redis.

No request waits for Redis. Ten times a second one script takes what was used from the shared buckets and answers their
levels. While Redis is away, each process allows the whole rate by itself.
"""

import asyncio
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self, cast

import structlog
from redis.asyncio import Redis

from adapters.redis.connection import REDIS_ERRORS, connection_pool
from domain.access.token_buckets import Allowance, Rate, TokenBuckets
from domain.kernel.concurrency import end_tasks

REPORT_SECONDS = 0.1
_TIMEOUT_SECONDS = 2.0
_PAUSE_SECONDS = 5.0
_KEYS_PER_CALL = 500
_PREFIX = "rate:"
# Of each bucket its level and the time of the level. It is forgotten when it must be full again.
_TAKE = """
local now = redis.call('TIME')
local at = now[1] * 1000 + math.floor(now[2] / 1000)
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local levels = {}
for i, key in ipairs(KEYS) do
  local held = redis.call('HMGET', key, 'level', 'at')
  local level = tonumber(held[1]) or burst
  local since = math.max(0, at - (tonumber(held[2]) or at))
  level = math.min(burst, level + since * rate / 1000) - tonumber(ARGV[i + 2])
  level = math.max(level, -burst)
  redis.call('HSET', key, 'level', tostring(level), 'at', tostring(at))
  redis.call('PEXPIRE', key, math.ceil((burst - level) / rate * 1000) + 1000)
  levels[i] = tostring(level)
end
return levels
"""
_log = structlog.stdlib.get_logger("rates")


class SharedRates:
    """The rate limits by kind of caller (``api.request_rates``). Used as a context, it reports in the background."""

    def __init__(self, url: str, rates: Mapping[str, Rate]) -> None:
        self._client = Redis(connection_pool=connection_pool(url))
        self._script: Any = self._client.register_script(_TAKE)
        self._buckets = {kind: TokenBuckets(rate) for kind, rate in rates.items() if rate.per_second > 0}
        self._reporting: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._reporting = asyncio.create_task(self._report_forever())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._reporting is not None:
            await end_tasks(self._reporting)
        await self._client.connection_pool.disconnect()

    def take(self, kind: str, key: str) -> Allowance | None:
        """The answer to a request of ``key``, which is a ``kind`` of caller; None where there is no limit."""
        buckets = self._buckets.get(kind)
        return buckets.take(key, time.monotonic()) if buckets is not None else None

    async def report(self) -> None:
        """Report what was taken since the last report.

        Raises:
            REDIS_ERRORS: Redis is away; what was taken counts here alone.
        """
        for kind, buckets in self._buckets.items():
            taken = list(buckets.report().items())
            for start in range(0, len(taken), _KEYS_PER_CALL):
                part = taken[start : start + _KEYS_PER_CALL]
                names = [f"{_PREFIX}{kind}:{key}" for key, _ in part]
                terms = [buckets.rate.per_second, buckets.rate.burst, *(count for _, count in part)]
                async with asyncio.timeout(_TIMEOUT_SECONDS):
                    levels = cast("list[bytes]", await self._script(keys=names, args=terms))
                found = {key: float(level) for (key, _), level in zip(part, levels, strict=True)}
                buckets.reconcile(found, time.monotonic())

    async def _report_forever(self) -> None:
        while True:
            pause = REPORT_SECONDS
            try:
                await self.report()
            except REDIS_ERRORS as error:
                _log.warning(
                    "rate limits are kept by this process alone while Redis is unreachable",
                    error=repr(error),
                    seldom=True,
                )
                pause = _PAUSE_SECONDS
            await asyncio.sleep(pause)
