"""Questions about what accounts hold and are worth, answered from the books and the newest quotes."""

from collections.abc import Callable, Collection, Iterable, Mapping
from decimal import Decimal
from uuid import UUID

from domain.accounts import queries as account_queries
from domain.accounts.service import Available
from domain.accounts.types import AccountBook
from domain.kernel.numbers import ZERO
from domain.kernel.unit_of_work import UnitOfWork
from domain.market.market import Market
from domain.market.types import Instrument, Quote
from domain.positions import queries
from domain.positions.types import PositionBook
from domain.positions.valuation import AccountValue, mark_price, value_all

QuoteOf = Callable[[str], Quote | None]


async def read_values(
    market: Market, account_ids: Collection[UUID], *, include_closed: bool = False
) -> dict[UUID, AccountValue]:
    """Accounts with their positions at the newest marks; two statements however many accounts."""
    books = await account_queries.read_books(account_ids)
    positions = await queries.read_positions(books, include_closed=include_closed)
    catalog = await market.catalog()
    return {
        account_id: value_all(book, positions[account_id].values(), catalog.by_id, market.quote)
        for account_id, book in books.items()
    }


def free_funds(
    account: AccountBook, positions: Iterable[PositionBook], instruments: Mapping[UUID, Instrument], quote_of: QuoteOf
) -> Decimal | None:
    """What an account may use, before what working orders hold back; None when a position cannot be valued.

    A MARGIN account's funds depend on marks: without a price for what it holds, nothing may be added to it.
    """
    if account.is_cash:
        return account.cash
    held = [position for position in positions if position.quantity]
    if any(mark_price(quote_of(instruments[position.instrument_id].symbol)) is None for position in held):
        return None
    value = value_all(account, held, instruments, quote_of)
    return value.equity - value.initial_margin


def available_in(market: Market) -> Available:
    """How withdrawals ask what a locked account may use."""

    async def available(work: UnitOfWork, account: AccountBook) -> Decimal:
        catalog = await market.catalog()
        positions = (await queries.load_positions(work, [account.id], []))[account.id]
        free = free_funds(account, positions.values(), catalog.by_id, market.quote)
        return ZERO if free is None else free - account.reserved

    return available
