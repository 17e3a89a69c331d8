"""Removal of sessions and refresh tokens that have ended.

SQL: rows are found and removed by the database's clock, a bounded number in one statement.
"""

from datetime import timedelta

from domain.kernel.unit_of_work import UnitOfWork

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


async def remove_sessions(work: UnitOfWork, kept: timedelta, limit: int) -> int:
    """Remove sessions that ended longer ago than the given age, and return their number, at most ``limit``."""
    return await _remove(work, _SESSIONS, kept, limit)


async def remove_tokens(work: UnitOfWork, kept: timedelta, limit: int) -> int:
    """Remove refresh tokens that expired longer ago than the given age, and return their number, at most ``limit``."""
    return await _remove(work, _TOKENS, kept, limit)


async def _remove(work: UnitOfWork, sql: str, kept: timedelta, limit: int) -> int:
    row = await work.fetch_row(sql, kept, limit)
    assert row is not None
    return int(row["n"])
