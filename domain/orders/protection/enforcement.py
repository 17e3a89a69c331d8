"""Enforcement: the immediate action on an account after a breach or an anomaly; a step, under its lock."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from domain.access.types import PLATFORM_ROLE
from domain.accounts import queries as account_queries
from domain.accounts.events import STATE_CHANGED, record
from domain.accounts.rules import is_restricted_by, set_state
from domain.accounts.types import AccountBook, AccountState
from domain.kernel.unit_of_work import UnitOfWork
from domain.orders import queries
from domain.orders.entry.canceling import request_cancels
from domain.risk.halts import HaltTrading, halt
from domain.risk.types import RiskAction, RiskScope, TradingHalt

# The actions that leave an account only what reduces.
RESTRICTING = frozenset({RiskAction.REDUCE_ONLY, RiskAction.LIQUIDATE})
_CANCEL = frozenset({RiskAction.CANCEL_ORDERS, RiskAction.LIQUIDATE})
_MAX_REASON = 450


@dataclass(frozen=True, slots=True)
class Restraint:
    """The result: the halt in force, whose cancels are still to come, and whether anything changed."""

    halt: TradingHalt | None
    is_new: bool


async def apply_actions(
    work: UnitOfWork, account_id: UUID, actions: Collection[RiskAction], reason: str, by: str, cause: str
) -> Restraint:
    """Apply actions to an account, except for closing positions.

    ``by`` names the acting part of the platform, ``cause`` the cause in the events of cancelled orders.
    """
    books = await account_queries.lock_books(work, [account_id])
    is_new = False
    if RESTRICTING.intersection(actions):
        is_new = await _allow_only_reductions(work, books[account_id], reason, by)
    if _CANCEL.intersection(actions):
        await request_cancels(work, await queries.load_open_orders(work, books), books, by, cause)
    if RiskAction.HALT not in actions:
        return Restraint(None, is_new)
    command = HaltTrading(RiskScope.ACCOUNT, reason[:_MAX_REASON], account_id=account_id)
    made = await halt(work, by, PLATFORM_ROLE, command)
    return Restraint(made, is_new or made.at == work.now)


async def _allow_only_reductions(work: UnitOfWork, book: AccountBook, reason: str, by: str) -> bool:
    """Make the account REDUCE_ONLY, also if a trader already did: then no trader can lift it."""
    if book.state not in (AccountState.ACTIVE, AccountState.REDUCE_ONLY):
        return False
    if is_restricted_by(book, AccountState.REDUCE_ONLY, PLATFORM_ROLE):
        return False
    set_state(book, AccountState.REDUCE_ONLY, PLATFORM_ROLE, by, reason[:_MAX_REASON])
    record(book, STATE_CHANGED, work.now, {"reason": reason, "by": by})
    await account_queries.write_books(work, [book])
    # What was written is not written again with what follows.
    book.events.clear()
    return True
