"""Writes of cancel timers, and reads of due ones.

SQL: times are the database's, which all processes share.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from domain.access.types import Actor
from domain.kernel.database import fetch
from domain.kernel.unit_of_work import UnitOfWork

_SET = """
INSERT INTO cancel_timers (account_id, triggers_at, armed_by, role)
VALUES ($1, clock_timestamp() + make_interval(secs => $2), $3, $4)
ON CONFLICT (account_id) DO UPDATE
SET triggers_at = EXCLUDED.triggers_at, armed_by = EXCLUDED.armed_by, role = EXCLUDED.role
RETURNING triggers_at
"""
_TAKE = """
DELETE FROM cancel_timers WHERE account_id = ANY($1::uuid[]) AND triggers_at <= clock_timestamp() RETURNING account_id
"""
_DUE = "SELECT account_id FROM cancel_timers WHERE triggers_at <= clock_timestamp() ORDER BY triggers_at LIMIT $1"


async def set_timer(work: UnitOfWork, account_id: UUID, seconds: int, actor: Actor) -> datetime:
    """Set the account's timer to fire after some seconds, and return the time."""
    row = await work.fetch_row(_SET, account_id, float(seconds), actor.email, actor.role.value)
    assert row is not None
    triggers_at: datetime = row["triggers_at"]
    return triggers_at


async def due_accounts(limit: int) -> list[UUID]:
    """The accounts whose timers are due, the oldest first."""
    return [row["account_id"] for row in await fetch(_DUE, limit)]


async def take_due(work: UnitOfWork, account_ids: Collection[UUID]) -> list[UUID]:
    """Remove the due timers of locked accounts, and return their accounts."""
    return [row["account_id"] for row in await work.fetch(_TAKE, list(account_ids))]
