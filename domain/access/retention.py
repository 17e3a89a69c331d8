"""Retention: removes sessions and refresh tokens that can no longer be used. Their actions stay in the audit log."""

from datetime import timedelta

from domain.access.retention_queries import remove_sessions, remove_tokens
from domain.kernel.bus import Bus
from domain.kernel.unit_of_work import unit_of_work

# A used token is kept as long as it could be used, so that using it again is noticed; what is over is kept a while.
KEPT = timedelta(days=30)


async def forget_sessions(bus: Bus, limit: int) -> int:
    """Remove sessions that ended over a month ago, with their tokens, and return their number, at most ``limit``."""
    async with unit_of_work(bus) as work:
        return await remove_sessions(work, KEPT, limit)


async def forget_tokens(bus: Bus, limit: int) -> int:
    """Remove refresh tokens that expired a month ago, and return their number, at most ``limit``."""
    async with unit_of_work(bus) as work:
        return await remove_tokens(work, KEPT, limit)
