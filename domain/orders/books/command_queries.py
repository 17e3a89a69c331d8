"""The queue of commands to venues.

SQL: the hot path of the router; taken and removed in one statement, past those that another holds.
"""

from dataclasses import dataclass

from domain.kernel.database import Row, fetch_row
from domain.kernel.unit_of_work import UnitOfWork
from domain.orders.model.venue_commands import REARM

# Who corrects the books leaves a REARM. What else waits is for a venue that has been built again.
_IS_CORRECTED = f"SELECT EXISTS (SELECT 1 FROM venue_commands WHERE venue = $1 AND kind = '{REARM}') AS is_corrected"
_TAKE = f"""
DELETE FROM venue_commands WHERE id IN (
  SELECT id FROM venue_commands WHERE venue = $1 AND id <= $2
  AND (kind = '{REARM}' OR NOT EXISTS (SELECT 1 FROM venue_commands WHERE venue = $1 AND kind = '{REARM}'))
  ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED
) RETURNING id, kind, order_id, account_id, payload
"""
_QUEUE = f"""
SELECT coalesce(max(id), 0) AS last, coalesce(bool_or(kind = '{REARM}'), false) AS is_corrected
FROM venue_commands WHERE venue = $1
"""


@dataclass(frozen=True, slots=True)
class CommandQueue:
    """The waiting commands of a venue: the newest one, 0 when there is none, and whether a REARM is among them.

    While a REARM waits, the venue's state is out of date: it must match and execute nothing until it is built again.
    """

    last: int
    is_corrected: bool


async def take_commands(work: UnitOfWork, venue: str, up_to: int, limit: int) -> list[Row]:
    """Remove the oldest commands of a venue, at most ``limit``, none newer than ``up_to``; REARMs alone if any wait."""
    return await work.fetch(_TAKE, venue, up_to, limit)


async def read_queue(venue: str) -> CommandQueue:
    """The commands that wait for a venue."""
    row = await fetch_row(_QUEUE, venue)
    assert row is not None, "an aggregate has a row"
    return CommandQueue(row["last"], row["is_corrected"])


async def is_corrected(work: UnitOfWork, venue: str) -> bool:
    """True if a REARM waits for a venue. Under an account's lock: then its books have been corrected, or may have."""
    (row,) = await work.fetch(_IS_CORRECTED, venue)
    return bool(row["is_corrected"])
