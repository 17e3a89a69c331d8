"""Overdue orders: their time was over some time ago, and their venue, which is not running, has not ended them.

SQL: the database's clock decides, over an index of open orders.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from domain.kernel.database import fetch

# A venue that is there ends them within a second: it is given time to come back.
OVERDUE = timedelta(seconds=60)
_LIMIT = 10_000
# In a market that is replayed, the end lies before the beginning: that is for the venue alone to tell.
_READ = """
SELECT id, status = 'PENDING_NEW' AND group_id IS NULL AS unsent FROM orders
WHERE closed_at IS NULL AND venue = $1 AND works_until > created_at AND works_until <= clock_timestamp() - $2::interval
ORDER BY id LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class OverdueOrder:
    """The id of an overdue order; ``unsent`` when it is in no group and the venue never received it."""

    id: UUID
    unsent: bool


async def read_overdue(venue: str) -> list[OverdueOrder]:
    """Open orders of a venue that expired more than a minute ago, oldest first."""
    return [OverdueOrder(*row) for row in await fetch(_READ, venue, OVERDUE, _LIMIT)]
