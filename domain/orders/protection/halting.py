"""Halting trading: the halt is in force first, then open orders are cancelled, account by account.

The pending cancels are stored with the halt: after a crash the next process continues, and looks again for orders that
were decided before the halt and committed after it.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from domain.access.audit import record as audit
from domain.access.audit import target_of
from domain.access.types import Actor, require_role
from domain.accounts import queries as account_queries
from domain.kernel.bus import Bus
from domain.kernel.unit_of_work import unit_of_work
from domain.orders import queries
from domain.orders.entry.canceling import request_cancels
from domain.orders.model.types import PendingAction
from domain.orders.protection.halting_queries import accounts_to_cancel
from domain.risk import halt_queries, halt_store
from domain.risk.halts import OWNERS, HaltTrading, halt
from domain.risk.rules.halting import covers
from domain.risk.types import TradingHalt

CAUSE = "TRADING_HALT"
# Accounts that are locked together.
_ACCOUNTS = 20


async def halt_trading(bus: Bus, actor: Actor, command: HaltTrading) -> TradingHalt:
    """Stop trading in a scope and, by default, cancel its working orders.

    In force for every order that arrives after this has returned, in every process. A repeat returns the halt that is
    in force.

    Raises:
        Forbidden: neither RISK_MANAGER nor ADMIN.
        BadInput: names the field.
        NotFound: the account or symbol does not exist.
        Unavailable: the database is away; ask again.
    """
    require_role(actor, *OWNERS)
    async with unit_of_work(bus) as work:
        made = await halt(work, actor.email, actor.role, command)
        detail = {"scope": made.scope, "symbol": made.symbol, "strategy": made.strategy, "reason": made.reason}
        await audit(work, actor, "haltTrading", target_of("tradingHalt", made.id), detail=detail)
    if command.cancel_open_orders:
        await finish_halt(bus, made)
    return made


async def finish_halts(bus: Bus) -> int:
    """Finish the cancels of halts that a dead process left; returns the number of such halts."""
    unfinished = await halt_store.read_unfinished()
    for made in unfinished:
        await finish_halt(bus, made)
    return len(unfinished)


async def finish_halt(bus: Bus, made: TradingHalt) -> None:
    """Request the cancels of all open orders that were placed before the halt was in force."""
    async with unit_of_work(bus) as work:
        before = await halt_queries.begin_cancels(work, made.id)
    after = UUID(int=0)
    while accounts := await accounts_to_cancel(made, before, after, _ACCOUNTS):
        await _cancel(bus, made, before, accounts)
        after = accounts[-1]
    async with unit_of_work(bus) as work:
        await halt_queries.end_cancels(work, made.id)


async def _cancel(bus: Bus, made: TradingHalt, before: datetime, accounts: Sequence[UUID]) -> None:
    async with unit_of_work(bus) as work:
        books = await account_queries.lock_books(work, accounts)
        orders = [
            order
            for order in await queries.load_open_orders(work, books, symbol=made.symbol, strategy=made.strategy)
            if order.created_at <= before
            and order.pending_action is not PendingAction.CANCEL
            and covers(made, account_id=order.account_id, symbol=order.symbol, strategy=order.strategy)
        ]
        await request_cancels(work, orders, books, made.by, CAUSE)
