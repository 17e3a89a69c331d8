"""Reading the events of a span of time, of one account or of all, in the order of their times.

SQL: a stream over a server-side cursor, of one moment, with what detectors need to know beside each event.
"""

from collections.abc import AsyncGenerator, Collection
from datetime import datetime
from uuid import UUID

from domain.anomalies.queries import EVENT_COLUMNS, EVENT_TABLES, to_stored
from domain.anomalies.reading import StoredEvent
from domain.kernel.database import reading

_RUN = 1_000
_SPAN = f"""
SELECT {EVENT_COLUMNS} FROM account_events e JOIN accounts a ON a.id = e.account_id {EVENT_TABLES}
WHERE e.at >= $1 AND e.at < $2 AND e.kind = ANY($3::text[]) AND ($4::uuid IS NULL OR e.account_id = $4)
ORDER BY e.at, e.account_id, e.sequence LIMIT $5
"""


async def stream_events(
    account_id: UUID | None, since: datetime, until: datetime, kinds: Collection[str], limit: int
) -> AsyncGenerator[list[StoredEvent], None]:
    """Events of these kinds at ``since`` <= time < ``until``, oldest first, in runs of a thousand."""
    async with reading() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        cursor = await connection.cursor(_SPAN, since, until, list(kinds), account_id, limit)
        while rows := await cursor.fetch(_RUN):
            yield [to_stored(row) for row in rows]
