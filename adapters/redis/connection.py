"""Connections to Redis: their pool, and the errors of an unavailable server."""

import asyncio

from redis.asyncio import ConnectionPool
from redis.exceptions import RedisError

# What a dead, restarting or overloaded server looks like from here; redis-py lets some of the socket's own through.
REDIS_ERRORS = (RedisError, OSError, asyncio.TimeoutError, EOFError)
# Bounds every exchange, as ``asyncio.timeout(ANSWER_TIMEOUT_SECONDS)`` around it.
ANSWER_TIMEOUT_SECONDS = 5.0

_CONNECT_TIMEOUT_SECONDS = 2.0


def connection_pool(url: str) -> ConnectionPool:
    """Connections to ``url``, made when they are needed."""
    # No socket_timeout: with one, redis-py writes within asyncio.wait_for, which on Python 3.11 swallows a cancellation
    # that meets the end of the write, and the cancelled task would then run on for ever.
    return ConnectionPool.from_url(url, socket_connect_timeout=_CONNECT_TIMEOUT_SECONDS, protocol=2)
