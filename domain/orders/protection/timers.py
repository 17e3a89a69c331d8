"""Dead man's switches: unless a client renews its timer, all open orders of the account are cancelled.

A timer is a row, so it survives every restart. Times are the database's, which all processes share. Firing is safe to
try by anybody at any time: under the account's lock a timer that was renewed meanwhile is not due, and one that is due
goes with the commands to cancel, in one transaction.
"""

from datetime import datetime
from uuid import UUID

from domain.access.attribution import Part
from domain.access.audit import record as audit
from domain.access.audit import target_of
from domain.access.types import Actor, Role, no_account, require_stop
from domain.accounts import queries as account_queries
from domain.accounts.rules import refuse_when_closed
from domain.kernel.bus import Bus
from domain.kernel.database import fetch
from domain.kernel.errors import BadInput, Forbidden
from domain.kernel.unit_of_work import UnitOfWork, unit_of_work
from domain.orders import queries
from domain.orders.entry.canceling import request_cancels

MAX_SECONDS = 24 * 60 * 60
CAUSE = "CANCEL_ALL_AFTER"
_BATCH = 100
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


async def cancel_all_after(bus: Bus, actor: Actor, account_id: UUID, seconds: int) -> datetime | None:
    """Set the account's timer anew, or with 0 take it away; when it fires unless it is set again, None for never.

    Raises:
        BadInput: the time is below zero or longer than a day.
        NotFound, Forbidden: the account is not the actor's to see, or to act on; or a higher role set the timer.
        Refused: it is closed.
    """
    if not 0 <= seconds <= MAX_SECONDS:
        raise BadInput(f"The timer takes 1 to {MAX_SECONDS} seconds, or 0 to take it away.", field="seconds")
    require_stop(actor, account_id)
    async with unit_of_work(bus) as work:
        book = (await account_queries.lock_books(work, [account_id])).get(account_id)
        if book is None:
            raise no_account()
        refuse_when_closed(book)
        await _check_role(work, actor, account_id)
        detail = {"seconds": seconds}
        await audit(work, actor, "cancelAllAfter", target_of("account", account_id), detail=detail)
        if seconds == 0:
            await work.execute("DELETE FROM cancel_timers WHERE account_id = $1", account_id)
            return None
        row = await work.fetch_row(_SET, account_id, float(seconds), actor.email, actor.role.value)
        assert row is not None
        triggers_at: datetime = row["triggers_at"]
    return triggers_at


async def _check_role(work: UnitOfWork, actor: Actor, account_id: UUID) -> None:
    row = await work.fetch_row("SELECT role FROM cancel_timers WHERE account_id = $1", account_id)
    if row is not None and Role(row["role"]).rank > actor.role.rank:
        raise Forbidden(f"The role {row['role']} set this timer: no lower one changes it.")


async def fire_due_timers(bus: Bus) -> int:
    """Cancel all open orders of the accounts whose timers are due; how many timers fired.

    Raises:
        Unavailable: the database cannot be reached; what is due stays due.
    """
    due = await fetch(
        "SELECT account_id FROM cancel_timers WHERE triggers_at <= clock_timestamp() ORDER BY triggers_at LIMIT $1",
        _BATCH,
    )
    if not due:
        return 0
    async with unit_of_work(bus) as work:
        books = await account_queries.lock_books(work, [row["account_id"] for row in due])
        fired = [row["account_id"] for row in await work.fetch(_TAKE, list(books))]
        await request_cancels(work, await queries.load_open_orders(work, fired), books, Part.CANCEL_ALL_AFTER, CAUSE)
    return len(fired)
