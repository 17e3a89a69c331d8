"""Accounts with funding due, and the mark up to which each account's funding is posted.

SQL: a search over the positions of all accounts in one statement, and marks that are written with the ledger.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from domain.kernel.database import Row, fetch
from domain.kernel.unit_of_work import UnitOfWork

_HOLDERS = """
SELECT DISTINCT p.account_id FROM positions p JOIN accounts a ON a.id = p.account_id
LEFT JOIN funding_marks f ON f.account_id = a.id
WHERE p.instrument_id = ANY($1::uuid[]) AND p.opened_at IS NOT NULL
AND coalesce(f.funded_until, a.created_at) < $2
AND (p.quantity <> 0 OR p.closed_at > coalesce(f.funded_until, a.created_at)) ORDER BY 1
"""
_MARK = """
INSERT INTO funding_marks AS f (account_id, funded_until) VALUES ($1, $2)
ON CONFLICT (account_id) DO UPDATE SET funded_until = EXCLUDED.funded_until
"""


async def read_schedules(instrument_ids: Collection[UUID]) -> list[Row]:
    """The start times of instruments' funding schedules."""
    return await fetch("SELECT id, funding_since FROM instruments WHERE id = ANY($1::uuid[])", list(instrument_ids))


async def read_holders(instrument_ids: Collection[UUID], until: datetime) -> list[UUID]:
    """The accounts that may owe or receive funding up to a moment."""
    return [row["account_id"] for row in await fetch(_HOLDERS, list(instrument_ids), until)]


async def load_mark(work: UnitOfWork, account_id: UUID) -> Row | None:
    """The time up to which an account's funding is posted."""
    return await work.fetch_row("SELECT funded_until FROM funding_marks WHERE account_id = $1", account_id)


async def save_mark(work: UnitOfWork, account_id: UUID, until: datetime) -> None:
    """Store the time up to which an account's funding is posted."""
    await work.execute(_MARK, account_id, until)
