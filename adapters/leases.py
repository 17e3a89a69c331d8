"""Holding a role that must be single: an advisory lock on a connection of its own, and the epoch that proves it."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import asyncpg
import structlog

from domain.kernel.database import fetch

_RETRY_SECONDS = 0.5
_PROBE_SECONDS = 1.0
# Where PostgreSQL shows an advisory lock by one number: its halves.
_HELD = """
SELECT EXISTS (
  SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND classid::bigint = high AND objid::bigint = low
) AS held FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS n (high, low, place) ORDER BY place
"""
_log = structlog.stdlib.get_logger("lease")


class HeldLease:
    """A role that this process holds; ``lost`` is set when the connection that held it is gone."""

    def __init__(self, role: str, epoch: int) -> None:
        self.role = role
        self.epoch = epoch
        self.lost = asyncio.Event()


class RoleTaken(Exception):
    """Somebody else plays the role."""


@asynccontextmanager
async def hold_lease(database_url: str, role: str, *, wait: bool = True) -> AsyncIterator[HeldLease]:
    """Wait until ``role`` is free, hold it for the context, and watch that it is not lost meanwhile.

    A standby waits here; when the holder's process or connection dies, PostgreSQL frees the lock and it takes over.

    Raises:
        RoleTaken: it is not free, and ``wait`` is not wanted.
    """
    connection = await _acquire(database_url, role, wait=wait)
    watch: asyncio.Task[None] | None = None
    try:
        epoch = await connection.fetchval(
            "INSERT INTO leases (role, epoch) VALUES ($1, 1) "
            "ON CONFLICT (role) DO UPDATE SET epoch = leases.epoch + 1 RETURNING epoch",
            role,
        )
        lease = HeldLease(role, epoch)
        watch = asyncio.create_task(_watch(connection, lease))
        _log.info("role taken", role=role, epoch=epoch)
        yield lease
    finally:
        if watch is not None:
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncio.TimeoutError):
            await connection.close(timeout=2)


async def held_roles(roles: Sequence[str]) -> frozenset[str]:
    """Which of these roles somebody plays now."""
    numbers = [lock_number(role) for role in roles]
    rows = await fetch(_HELD, [number >> 32 for number in numbers], [number & 0xFFFF_FFFF for number in numbers])
    return frozenset(role for role, row in zip(roles, rows, strict=True) if row["held"])


async def _acquire(database_url: str, role: str, *, wait: bool) -> asyncpg.Connection:
    """A connection that holds the lock; tries again when the database is away."""
    waiting = False
    while True:
        connection = None
        try:
            connection = await asyncpg.connect(database_url, timeout=5)
            while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", lock_number(role)):
                if not wait:
                    raise RoleTaken(role)
                if not waiting:
                    _log.info("standing by", role=role)
                    waiting = True
                await asyncio.sleep(_RETRY_SECONDS)
        except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            if connection is not None:
                connection.terminate()
            _log.warning("the database cannot be reached", role=role, error=type(error).__name__, seldom=True)
            await asyncio.sleep(_RETRY_SECONDS)
        except (asyncio.CancelledError, RoleTaken):
            if connection is not None:
                connection.terminate()
            raise
        else:
            return connection


async def _watch(connection: asyncpg.Connection, lease: HeldLease) -> None:
    """Notice soon that the connection, and the lock with it, is gone."""
    try:
        while True:
            await connection.fetchval("SELECT 1", timeout=5)
            await asyncio.sleep(_PROBE_SECONDS)
    except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        _log.warning("role lost", role=lease.role)
        lease.lost.set()


def lock_number(role: str) -> int:
    """The advisory lock of a role: 63 bits of a hash of its name."""
    return int.from_bytes(hashlib.sha256(f"tradegraph:{role}".encode()).digest()[:8], "big") >> 1
