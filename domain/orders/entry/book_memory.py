"""Remembered books: books of accounts that a process keeps between batches, so that the next one need not load them.

A remembered book may be out of date: the writing statement compares its version under the account's lock. A caller
takes a book alone, and gives it back once its changes are committed; a book that is not given back is forgotten.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from domain.accounts.types import AccountBook
from domain.kernel.database import fetch
from domain.orders.deciding.activity import ActivityNeeds, OrderActivity
from domain.orders.entry.activity_queries import load_activity
from domain.positions.queries import read_books_for_orders
from domain.positions.types import PositionBook, PositionKey

MAX_ACCOUNTS = 10_000
MAX_POSITIONS = 500
# Counts per strategy are kept as long as the book is: an account that names each order anew is not remembered.
MAX_SUMS = 1_000
# Orders that a limit looks back at are kept with the book: it is read anew before they become many.
_LOOKING_BACK = timedelta(seconds=60)


@dataclass(slots=True)
class RememberedBook:
    """An account with its positions and activity. ``covered`` names instruments whose positions are all known.

    ``read_at`` is the time of reading, ``needs`` the part of its activity that was read.
    """

    account: AccountBook
    positions: dict[PositionKey, PositionBook]
    covered: set[UUID]
    activity: OrderActivity
    needs: ActivityNeeds
    read_at: datetime

    def serves(self, instrument_ids: Collection[UUID], needs: ActivityNeeds, now: datetime) -> bool:
        """True if orders in these instruments can be decided on it."""
        if self.needs != needs or (needs.window is not None and now - self.read_at > _LOOKING_BACK):
            return False
        return self.covered.issuperset(instrument_ids)


class BookMemory:
    """At most 10,000 books; the least recently used is dropped."""

    def __init__(self) -> None:
        self._books: OrderedDict[UUID, RememberedBook] = OrderedDict()

    def take(
        self, account_id: UUID, instrument_ids: Collection[UUID], needs: ActivityNeeds, now: datetime
    ) -> RememberedBook | None:
        """Remove and return the book, if there is a suitable one."""
        book = self._books.pop(account_id, None)
        return book if book is not None and book.serves(instrument_ids, needs, now) else None

    async def recall(
        self,
        account_ids: Collection[UUID],
        instrument_ids: Collection[UUID],
        needs: ActivityNeeds,
        now: datetime,
        known: Mapping[UUID, int] | None = None,
    ) -> dict[UUID, RememberedBook]:
        """Take the books of accounts; missing ones are read, without a lock. Accounts that do not exist are left out.

        ``known`` has versions of accounts that were seen elsewhere: an older book is read anew.
        """
        found: dict[UUID, RememberedBook] = {}
        for account_id in account_ids:
            book = self.take(account_id, instrument_ids, needs, now)
            if book is not None and (known is None or book.account.version >= known.get(account_id, 0)):
                found[account_id] = book
        missing = [account_id for account_id in account_ids if account_id not in found]
        return found | await read_books(missing, instrument_ids, needs, now) if missing else found

    def __iter__(self) -> Iterator[RememberedBook]:
        return iter(self._books.values())

    def keep(self, book: RememberedBook) -> None:
        """Remember a committed book, unless it is unusually large."""
        if len(book.positions) > MAX_POSITIONS or book.activity.size() > MAX_SUMS:
            return
        for position in book.positions.values():
            position.changed = False
        book.activity.settle()
        self._books[book.account.id] = book
        if len(self._books) > MAX_ACCOUNTS:
            self._books.popitem(last=False)


async def read_books(
    account_ids: Collection[UUID], instrument_ids: Collection[UUID], needs: ActivityNeeds, now: datetime
) -> dict[UUID, RememberedBook]:
    """Books read without a lock; an account that does not exist is left out.

    The accounts are read with the first: if their versions still hold at the write, all later reads hold, too.
    """
    accounts, positions = await read_books_for_orders(account_ids, instrument_ids)
    activities = await load_activity(fetch, accounts, needs, now)
    return {
        account_id: RememberedBook(
            account, positions[account_id], set(instrument_ids), activities[account_id], needs, now
        )
        for account_id, account in accounts.items()
    }
