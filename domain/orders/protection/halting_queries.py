"""Reads of the accounts whose open orders a trading halt cancels.

SQL: a page of accounts over all open orders, in one statement.
"""

from datetime import datetime
from uuid import UUID

from domain.kernel.database import fetch
from domain.risk.types import TradingHalt

_OPEN_ACCOUNTS = """
SELECT DISTINCT o.account_id FROM orders o JOIN instruments i ON i.id = o.instrument_id
WHERE o.closed_at IS NULL AND o.created_at <= $1 AND o.account_id > $2 AND o.pending_action IS DISTINCT FROM 'CANCEL'
AND ($3::uuid IS NULL OR o.account_id = $3) AND ($4::text IS NULL OR i.symbol = $4)
AND ($5::text IS NULL OR o.strategy = $5)
ORDER BY o.account_id LIMIT $6
"""


async def accounts_to_cancel(made: TradingHalt, before: datetime, after: UUID, limit: int) -> list[UUID]:
    """The next accounts after one that have open orders in the halt's scope, placed up to ``before``."""
    rows = await fetch(_OPEN_ACCOUNTS, before, after, made.account_id, made.symbol, made.strategy, limit)
    return [row["account_id"] for row in rows]
