"""Leases of roles that must be single: an advisory lock on a connection of its own, and the epoch that proves it.

A holder writes its progress once a second. A standby watches it by its own clock: when a holder makes no progress for
``SILENCE_SECONDS``, the standby ends its sessions, which frees the lock and everything else it holds in the database,
and takes over. When the old holder wakes, its epoch is over and none of its writes commit.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from math import ceil

import asyncpg
import structlog

from adapters.database.connection import process_name
from adapters.logs.masking import scrub_text
from domain.kernel.concurrency import end_tasks
from domain.kernel.database import fetch, unavailable_when_down
from domain.kernel.retry_policies import DATABASE
from domain.system.health import ComponentState, RoleFacts

SILENCE_SECONDS = 6
_BEAT_SECONDS = 1.0
_ANSWER_SECONDS = 5.0
_TROUBLE_CHARACTERS = 300
# The halves of a number under which PostgreSQL shows an advisory lock.
_LOCKED = """
locktype = 'advisory' AND granted AND objsubid = 1
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND classid::bigint = {high} AND objid::bigint = {low}
"""
_ROLES = f"""
SELECT EXISTS (SELECT FROM pg_locks WHERE {_LOCKED.format(high="high", low="low")}) AS is_locked,
  extract(epoch FROM clock_timestamp() - b.beat_at)::float AS silent_seconds, b.silence_seconds, b.trouble
FROM unnest($1::bigint[], $2::bigint[], $3::text[]) WITH ORDINALITY AS n (high, low, role, place)
LEFT JOIN lease_beats b ON b.role = n.role ORDER BY place
"""  # noqa: S608  constants
_BEGIN = """
INSERT INTO lease_beats (role, epoch, holder, loops, silence_seconds, beat_at)
VALUES ($1, $2, $3, 0, $4, clock_timestamp())
ON CONFLICT (role) DO UPDATE SET epoch = EXCLUDED.epoch, holder = EXCLUDED.holder, loops = 0,
  last_tick = NULL, last_command = NULL, silence_seconds = EXCLUDED.silence_seconds, beat_at = EXCLUDED.beat_at
RETURNING trouble
"""
_BEAT = """
UPDATE lease_beats SET loops = $3, last_tick = $4, last_command = $5, silence_seconds = $6, trouble = $7,
  beat_at = clock_timestamp() WHERE role = $1 AND epoch = $2 RETURNING role
"""
_SEEN = "SELECT epoch, loops, holder, silence_seconds FROM lease_beats WHERE role = $1"
# A transaction that waits for its client is not always "idle in transaction": between the preparation and the run of a
# statement it counts as active.
_END_SESSIONS = f"""
SELECT count(*) FROM (
  SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a
  WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND (
    a.pid IN (SELECT l.pid FROM pg_locks l WHERE {_LOCKED.format(high="$1::bigint", low="$2::bigint")})
    OR (a.application_name = $3 AND a.xact_start IS NOT NULL AND a.wait_event_type IN ('Client', 'Lock')
      AND a.state_change < clock_timestamp() - make_interval(secs => $4::float))
  )
) AS ended
"""  # noqa: S608  constants
# What a connection that is gone looks like.
_LOST = (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
_log = structlog.stdlib.get_logger("lease")


class HeldLease:
    """A role that this process holds; ``lost`` is set when the connection that held it is gone.

    A role that reports progress is silent without it; a role that does not report it only needs a live process.
    """

    def __init__(self, role: str, epoch: int, connection: asyncpg.Connection, trouble: str | None = None) -> None:
        self.role = role
        self.epoch = epoch
        self.lost = asyncio.Event()
        self._connection = connection
        self._exchange = asyncio.Lock()
        self._loops = 0
        self._said = -1
        self._tells_progress = False
        self._silence_seconds = SILENCE_SECONDS
        self._last_tick: str | None = None
        self._last_command: int | None = None
        self._trouble = trouble

    def troubled(self, trouble: str | None) -> None:
        """Report the problem of the role in a sentence for people; None if there is none."""
        self._trouble = scrub_text(trouble)[:_TROUBLE_CHARACTERS] if trouble else None

    async def give_up(self, trouble: str) -> None:
        """Write down why the role ends: it stays written until a holder reports otherwise."""
        self.troubled(trouble)
        self._said = -1
        with suppress(*_LOST):
            await self.beat()

    def progressed(self, *, tick: str | None = None, command: int | None = None) -> None:
        """Report progress: the role works, or has nothing to do."""
        self._tells_progress = True
        self._loops += 1
        self._silence_seconds = SILENCE_SECONDS
        self._last_tick = tick or self._last_tick
        self._last_command = command or self._last_command

    async def take_time(self, seconds: float) -> None:
        """Announce that the role needs so much longer than usual, until it progresses again."""
        self._silence_seconds = SILENCE_SECONDS + ceil(seconds)
        self._said = -1
        with suppress(*_LOST):
            await self.beat()

    async def beat(self) -> None:
        """Write the progress, if there is any, and check that the lock is still held."""
        async with self._exchange:
            self._loops += not self._tells_progress
            if self._loops == self._said:
                await self._connection.fetchval("SELECT 1")
                return
            self._said = self._loops
            progress = (self._last_tick, self._last_command, self._silence_seconds, self._trouble)
            if await self._connection.fetchval(_BEAT, self.role, self.epoch, self._said, *progress) is None:
                raise asyncpg.InterfaceError("another process has taken over the role")


class RoleTaken(Exception):
    """Another process plays the role."""


@asynccontextmanager
async def hold_lease(database_url: str, role: str, *, wait: bool = True) -> AsyncIterator[HeldLease]:
    """Wait until ``role`` is free, hold it for the context, and watch that it is not lost meanwhile.

    A standby waits here; it takes over when the holder's process or connection dies, or when the holder is silent.

    Raises:
        RoleTaken: it is not free, and ``wait`` is not wanted.
        Unavailable: the database cannot serve, or went away, as the role was taken.
    """
    connection = await _acquire(database_url, role, wait=wait)
    watch: asyncio.Task[None] | None = None
    try:
        with unavailable_when_down():
            epoch = await connection.fetchval(
                "INSERT INTO leases (role, epoch) VALUES ($1, 1) "
                "ON CONFLICT (role) DO UPDATE SET epoch = leases.epoch + 1 RETURNING epoch",
                role,
            )
            trouble = await connection.fetchval(_BEGIN, role, epoch, process_name(), SILENCE_SECONDS)
        lease = HeldLease(role, epoch, connection, trouble)
        watch = asyncio.create_task(_watch(lease))
        _log.info("role taken", role=role, epoch=epoch)
        yield lease
    finally:
        if watch is not None:
            await end_tasks(watch)
        with suppress(*_LOST):
            await connection.close(timeout=2)


async def read_roles(roles: Sequence[str]) -> dict[str, RoleFacts]:
    """The holders of these roles, as they are seen in the database.

    Raises:
        Unavailable: the database cannot be reached.
    """
    numbers = [lock_number(role) for role in roles]
    high, low = [number >> 32 for number in numbers], [number & 0xFFFF_FFFF for number in numbers]
    rows = await fetch(_ROLES, high, low, list(roles))
    return {
        role: RoleFacts(row["is_locked"], row["silent_seconds"], row["silence_seconds"] or 0, row["trouble"])
        for role, row in zip(roles, rows, strict=True)
    }


async def held_roles(roles: Sequence[str]) -> frozenset[str]:
    """The roles among these that a live process plays with progress."""
    found = await read_roles(roles)
    return frozenset(role for role, facts in found.items() if facts.state is not ComponentState.DOWN)


class _Holder:
    """A standby's observations of the holder."""

    def __init__(self, role: str) -> None:
        self._role = role
        self._seen: tuple[int, int] | None = None
        self._since = 0.0

    async def is_silent(self, connection: asyncpg.Connection) -> str | None:
        """The holder's process if it has made no progress for so long."""
        row = await connection.fetchrow(_SEEN, self._role)
        seen = (row["epoch"], row["loops"]) if row is not None else None
        now = asyncio.get_running_loop().time()
        if seen != self._seen or seen is None:
            self._seen, self._since = seen, now
        return row["holder"] if row is not None and now - self._since >= row["silence_seconds"] else None

    def forget(self) -> None:
        """Restart the observation, because the holder could not be observed or has been ended."""
        self._seen = None


async def _acquire(database_url: str, role: str, *, wait: bool) -> asyncpg.Connection:
    """A connection that holds the lock; tries again when the database is away."""
    holder, waiting = _Holder(role), False
    while True:
        connection = None
        try:
            connection = await asyncpg.connect(
                database_url,
                timeout=5,
                command_timeout=_ANSWER_SECONDS,
                server_settings={"application_name": process_name()},
            )
            while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", lock_number(role)):
                if not wait:
                    raise RoleTaken(role)
                if not waiting:
                    _log.info("standing by", role=role)
                    waiting = True
                silent = await holder.is_silent(connection)
                if silent is not None:
                    await _end_sessions(connection, role, silent)
                    holder.forget()
                    continue
                await asyncio.sleep(DATABASE.first_seconds)
        except _LOST as error:
            if connection is not None:
                connection.terminate()
            holder.forget()
            _log.warning("the database cannot be reached", role=role, error=type(error).__name__, seldom=True)
            await asyncio.sleep(DATABASE.first_seconds)
        except (asyncio.CancelledError, RoleTaken):
            if connection is not None:
                connection.terminate()
            raise
        else:
            return connection


async def _end_sessions(connection: asyncpg.Connection, role: str, holder: str) -> None:
    """End the session that holds the lock, and its process's open transactions."""
    number = lock_number(role)
    # A transaction that has stood still for half the silence is not going to end by itself; neither is one that waits
    # for a lock, once it gets it.
    stuck = SILENCE_SECONDS / 2
    ended = await connection.fetchval(_END_SESSIONS, number >> 32, number & 0xFFFF_FFFF, holder, stuck)
    _log.warning("holder is silent, its database sessions are terminated", role=role, holder=holder, sessions=ended)


async def _watch(lease: HeldLease) -> None:
    """Beat once a second, and notice soon that the connection, and the lock with it, is gone."""
    try:
        while True:
            await lease.beat()
            await asyncio.sleep(_BEAT_SECONDS)
    except _LOST:
        _log.warning("role lost", role=lease.role)
        lease.lost.set()


def lock_number(role: str) -> int:
    """The advisory lock of a role: 63 bits of a hash of its name."""
    return int.from_bytes(hashlib.sha256(f"tradegraph:{role}".encode()).digest()[:8], "big") >> 1
