"""What is done to an account at once when a limit is broken or something looks wrong: a step, under its lock."""

from collections.abc import Collection
from uuid import UUID

from domain.accounts import queries as account_queries
from domain.accounts.events import STATE_CHANGED, record
from domain.accounts.types import AccountBook, AccountState
from domain.kernel.unit_of_work import UnitOfWork
from domain.orders import queries
from domain.orders.entry.canceling import request_cancels
from domain.risk.halts import HaltTrading, halt
from domain.risk.types import RiskAction, RiskScope, TradingHalt

_RESTRICT = frozenset({RiskAction.REDUCE_ONLY, RiskAction.LIQUIDATE})
_CANCEL = frozenset({RiskAction.CANCEL_ORDERS, RiskAction.LIQUIDATE})
_MAX_REASON = 450


async def restrain(
    work: UnitOfWork, account_id: UUID, actions: Collection[RiskAction], reason: str, by: str, cause: str
) -> TradingHalt | None:
    """Do what actions say, apart from closing positions; the halt that this made, whose cancels are still to come.

    ``by`` says who acts, ``cause`` what the events of cancelled orders carry.
    """
    books = await account_queries.lock_books(work, [account_id])
    book = books[account_id]
    if _RESTRICT.intersection(actions) and book.state is AccountState.ACTIVE:
        await _allow_only_reductions(work, book, reason, by)
    if _CANCEL.intersection(actions):
        await request_cancels(work, await queries.load_open_orders(work, books), books, cause)
    if RiskAction.HALT not in actions:
        return None
    return await halt(work, by, HaltTrading(RiskScope.ACCOUNT, reason[:_MAX_REASON], account_id=account_id))


async def _allow_only_reductions(work: UnitOfWork, book: AccountBook, reason: str, by: str) -> None:
    book.state = AccountState.REDUCE_ONLY
    record(book, STATE_CHANGED, work.now, {"reason": reason, "by": by})
    await account_queries.write_books(work, [book])
    # What was written is not written again with what follows.
    book.events.clear()
