"""The queue of commands to venues.

SQL: the hot path of the router; taken and removed in one statement, past those that another holds.
"""

from domain.kernel.database import Row, fetch_row
from domain.kernel.unit_of_work import UnitOfWork
from domain.orders.model.venue_commands import REARM

# What comes behind a REARM is for a venue that has been built again: before that it would execute it on positions that
# are out of date.
_TAKE = f"""
DELETE FROM venue_commands WHERE id IN (
  SELECT id FROM venue_commands WHERE venue = $1 AND id <= $2
  AND id <= (SELECT coalesce(min(id), $2) FROM venue_commands WHERE venue = $1 AND kind = '{REARM}')
  ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED
) RETURNING id, kind, order_id, account_id, payload
"""


async def take_commands(work: UnitOfWork, venue: str, up_to: int, limit: int) -> list[Row]:
    """Remove the oldest commands of a venue, at most ``limit``, none newer than ``up_to`` or than the first REARM."""
    return await work.fetch(_TAKE, venue, up_to, limit)


async def last_command(venue: str) -> int:
    """The newest command that waits for a venue, 0 when there is none."""
    row = await fetch_row("SELECT max(id) AS id FROM venue_commands WHERE venue = $1", venue)
    return row["id"] or 0 if row is not None else 0
