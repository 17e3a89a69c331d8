"""The audit of balances: recomputes reservations and margin of accounts.

A position's reserved amount is a function of its sums, and an account's is the sum of its positions'. Both are
maintained with every change; here they are recomputed, and corrected under the account's lock if they differ. A repeat
changes nothing.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

import structlog

from domain.accounts import queries as account_queries
from domain.accounts.events import record
from domain.accounts.types import AccountBook
from domain.kernel.bus import Bus
from domain.kernel.numbers import plain, total
from domain.kernel.unit_of_work import unit_of_work
from domain.market.market import Market
from domain.orders.deciding.reservations import refresh_reserved
from domain.orders.model.account_events import BALANCES_REFRESHED
from domain.positions import queries
from domain.positions.events import position_snapshot
from domain.positions.exposure import reserved_for
from domain.positions.types import PositionBook
from domain.positions.valuation import value_all

_log = structlog.stdlib.get_logger("balances")


@dataclass(frozen=True, slots=True)
class Refreshed:
    """The result: the number of accounts that were corrected, hold an unpriced position, or are below their margin."""

    accounts: int
    corrected: int
    unpriced: int
    below_maintenance: int


async def refresh_balances(bus: Bus, market: Market, account_ids: Collection[UUID]) -> Refreshed:
    """Recompute the reservations and the margin of these accounts; two reads, and a write if needed."""
    books = await account_queries.read_books(account_ids)
    positions = await queries.read_reserving(books)
    # Read at two moments, so that a difference is only a suspicion.
    suspects = [book.id for book in books.values() if not _agrees(book, positions[book.id])]
    corrected = await _correct(bus, suspects) if suspects else 0
    catalog = await market.refresh()
    unpriced = below = 0
    for book in books.values():
        held = [position for position in positions[book.id] if position.quantity]
        value = value_all(book, held, catalog.by_id, market.quote)
        unpriced += any(position.mark_price is None for position in value.positions)
        below += value.margin_ratio is not None and value.margin_ratio < 1
    return Refreshed(len(books), corrected, unpriced, below)


def _agrees(book: AccountBook, positions: Iterable[PositionBook]) -> bool:
    reserved = [(position.reserved, reserved_for(position, book.kind)) for position in positions]
    return all(stored == derived for stored, derived in reserved) and book.reserved == total(
        stored for stored, _ in reserved
    )


async def _correct(bus: Bus, account_ids: Collection[UUID]) -> int:
    corrected = 0
    async with unit_of_work(bus) as work:
        books = await account_queries.lock_books(work, account_ids)
        positions = await queries.load_reserving(work, books)
        for book in books.values():
            mine = positions[book.id]
            if _agrees(book, mine):
                continue
            before = book.reserved
            for position in mine:
                refresh_reserved(book, position)
            book.reserved = total(position.reserved for position in mine)
            record(book, BALANCES_REFRESHED, work.now, {"positions": [position_snapshot(each) for each in mine]})
            _log.error(
                "reserved amount was wrong, corrected",
                account_id=str(book.id),
                was=plain(before),
                now=plain(book.reserved),
            )
            corrected += 1
        await queries.write_positions(work, (position for mine in positions.values() for position in mine))
        await account_queries.write_books(work, books.values())
    return corrected
