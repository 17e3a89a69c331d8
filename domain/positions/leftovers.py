"""Accounts that a late fact leaves in a state which trading could not reach, pure.

A bust, a correction or a late fill is booked whatever the account's state. A closed account that it leaves with money,
a debt or a position, and a CASH account that it leaves with a debt or a short, becomes REDUCE_ONLY: deposits,
withdrawals and covering orders pass, and an empty account can be closed again.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from domain.access.attribution import PlatformPart
from domain.access.types import PLATFORM_ROLE
from domain.accounts.events import STATE_CHANGED, record
from domain.accounts.rules import set_state
from domain.accounts.types import AccountBook, AccountState
from domain.kernel.numbers import ZERO
from domain.positions.types import PositionBook

BY = PlatformPart.BOOKS.value
LEFT_CLOSED = "LEFT_IN_CLOSED_ACCOUNT"
LEFT_SHORT = "LEFT_OWING"


def restrict_if_left(book: AccountBook, positions: Iterable[PositionBook], now: datetime) -> bool:
    """Make an account REDUCE_ONLY, with an event, if its money or positions do not fit its state or kind.

    ``positions`` are all that it holds. A HALTED account stays HALTED, which is stricter.
    """
    reason = _reason(book, [position.quantity for position in positions if position.quantity])
    if reason is None:
        return False
    set_state(book, AccountState.REDUCE_ONLY, PLATFORM_ROLE, BY, reason)
    record(book, STATE_CHANGED, now, {"reason": reason, "by": BY})
    return True


def _reason(book: AccountBook, quantities: list[Decimal]) -> str | None:
    if book.state is AccountState.CLOSED:
        return LEFT_CLOSED if quantities or book.cash != ZERO else None
    owes = book.cash < ZERO or any(quantity < ZERO for quantity in quantities)
    return LEFT_SHORT if book.state is AccountState.ACTIVE and book.is_cash and owes else None
