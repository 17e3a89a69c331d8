"""Statements through PgBouncer in transaction mode: allowed ones, and refused ones."""

import asyncio

import asyncpg

from tests.ha.cluster import Cluster

_SESSIONS = 8
_ROUNDS = 200


def through_pooler(made: Cluster) -> list[str]:
    """One line for each thing that was tried."""
    return asyncio.run(_through_pooler(made.pooled_url))


async def _through_pooler(url: str) -> list[str]:
    tries = {
        "statements without preparation": _plain,
        "prepared statements": _prepared,
        "session advisory locks": _locks,
        "LISTEN": _listens,
    }
    return [
        f"through PgBouncer, {name}: {'work' if await works(url) else 'do not work'}" for name, works in tries.items()
    ]


async def _plain(url: str) -> bool:
    """Several at once, each in a transaction, by the simple protocol, as psql and most tools for reports speak."""

    async def once() -> bool:
        connection = await asyncpg.connect(url, statement_cache_size=0)
        try:
            for _ in range(20):
                await connection.execute("BEGIN; SELECT pg_sleep(0.001); COMMIT")
        finally:
            await connection.close()
        return True

    return all(await asyncio.gather(*(once() for _ in range(_SESSIONS))))


async def _prepared(url: str) -> bool:
    """Statements that a session prepares and runs again, as the processes of the platform do."""
    first, second = await asyncpg.connect(url), await asyncpg.connect(url)
    try:
        for _ in range(3):
            await asyncio.gather(*(each.fetchval("SELECT $1::int", 1) for each in (first, second)))
            await asyncio.gather(*(each.fetchval("SELECT $1::text", "1") for each in (second, first)))
    except (asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    finally:
        first.terminate()
        second.terminate()
    return True


async def _locks(url: str) -> bool:
    """A lock that a session holds until it lets go of it: no other must get it, whichever session serves it."""
    first, *others = [await asyncpg.connect(url, statement_cache_size=0) for _ in range(1 + _SESSIONS)]
    attempt = "DO $$ BEGIN IF NOT pg_try_advisory_lock(1) THEN RAISE 'held'; END IF; END $$"
    try:
        await first.execute("SELECT pg_advisory_lock(1)")
        # Sooner or later somebody is served by the session that has the lock, to which it is its own.
        for _ in range(_ROUNDS):
            outcomes = await asyncio.gather(*(each.execute(attempt) for each in others), return_exceptions=True)
            if not all(isinstance(outcome, asyncpg.PostgresError) for outcome in outcomes):
                return False
    finally:
        for each in (first, *others):
            each.terminate()
    return True


async def _listens(url: str) -> bool:
    """True if notifications reach a listener."""
    heard = asyncio.Event()
    listener, speaker = [await asyncpg.connect(url, statement_cache_size=0) for _ in range(2)]
    try:
        await listener.add_listener("ha", lambda *_: heard.set())
        await speaker.execute("NOTIFY ha")
        async with asyncio.timeout(2):
            await heard.wait()
    except (TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    finally:
        listener.terminate()
        speaker.terminate()
    return True
