"""Forgetting sessions and refresh tokens that nobody can use any more. What was done with them is in the audit log."""

from datetime import timedelta

from domain.kernel.bus import Bus
from domain.kernel.unit_of_work import unit_of_work

# A used token is kept as long as it could be used, so that using it again is noticed; what is over is kept a while.
KEPT = timedelta(days=30)
_SESSIONS = """
WITH old AS (
  SELECT id FROM sessions WHERE coalesce(ended_at, expires_at) < clock_timestamp() - $1::interval
  AND expires_at < clock_timestamp() LIMIT $2
), gone AS (DELETE FROM sessions USING old WHERE sessions.id = old.id RETURNING 1)
SELECT count(*) AS n FROM gone
"""
_TOKENS = """
WITH old AS (SELECT id FROM refresh_tokens WHERE expires_at < clock_timestamp() - $1::interval LIMIT $2),
gone AS (DELETE FROM refresh_tokens USING old WHERE refresh_tokens.id = old.id RETURNING 1)
SELECT count(*) AS n FROM gone
"""


async def forget_sessions(bus: Bus, limit: int) -> int:
    """Remove sessions that were over a month ago, with their tokens; how many, at most ``limit``."""
    return await _forget(bus, _SESSIONS, limit)


async def forget_tokens(bus: Bus, limit: int) -> int:
    """Remove refresh tokens that expired a month ago; how many, at most ``limit``."""
    return await _forget(bus, _TOKENS, limit)


async def _forget(bus: Bus, sql: str, limit: int) -> int:
    async with unit_of_work(bus) as work:
        row = await work.fetch_row(sql, KEPT, limit)
    assert row is not None
    return int(row["n"])
