"""Dead man's switches: unless a client renews its timer, all open orders of the account are cancelled.

A timer is a row, so it survives every restart. Times are the database's, which all processes share. Any process may
fire timers at any time: under the account's lock a renewed timer is not due, and a due one is removed with the commands
to cancel, in one transaction.
"""

from datetime import datetime
from uuid import UUID

from domain.access.attribution import PlatformPart
from domain.access.audit import record as audit
from domain.access.audit import target_of
from domain.access.types import Actor, no_account, require_stop
from domain.accounts import queries as account_queries
from domain.accounts.rules import refuse_when_closed
from domain.kernel.bus import Bus
from domain.kernel.errors import BadInput, Forbidden
from domain.kernel.unit_of_work import UnitOfWork, unit_of_work
from domain.orders import queries
from domain.orders.entry.canceling import request_cancels
from domain.orders.protection import timer_queries, timer_store

MAX_SECONDS = 24 * 60 * 60
CAUSE = "CANCEL_ALL_AFTER"
_BATCH = 100


async def cancel_all_after(bus: Bus, actor: Actor, account_id: UUID, seconds: int) -> datetime | None:
    """Set the account's timer, or with 0 remove it; returns the time at which it fires, None for never.

    Raises:
        BadInput: the time is below zero or longer than a day.
        NotFound, Forbidden: the actor may not see or not act on the account; or a higher role set the timer.
        Refused: it is closed.
    """
    if not 0 <= seconds <= MAX_SECONDS:
        raise BadInput(f"The timeout is 1 to {MAX_SECONDS} seconds, or 0 to disarm the timer.", field="seconds")
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
            await timer_store.remove_timer(work, account_id)
            return None
        return await timer_queries.set_timer(work, account_id, seconds, actor)


async def _check_role(work: UnitOfWork, actor: Actor, account_id: UUID) -> None:
    role = await timer_store.role_of_timer(work, account_id)
    if role is not None and role.rank > actor.role.rank:
        raise Forbidden(f"The role {role} set this timer: a lower role cannot change it.")


async def fire_due_timers(bus: Bus) -> int:
    """Cancel all open orders of the accounts whose timers are due; returns the number of timers.

    Raises:
        Unavailable: the database cannot be reached; what is due stays due.
    """
    due = await timer_queries.due_accounts(_BATCH)
    if not due:
        return 0
    async with unit_of_work(bus) as work:
        books = await account_queries.lock_books(work, due)
        fired = await timer_queries.take_due(work, books)
        await request_cancels(
            work, await queries.load_open_orders(work, fired), books, PlatformPart.CANCEL_ALL_AFTER, CAUSE
        )
    return len(fired)
