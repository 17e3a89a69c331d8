"""Use cases on account values: read accounts with their positions at the newest quotes."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from domain.accounts import queries as account_queries
from domain.accounts.rules import peak_after_flow
from domain.accounts.types import AccountBook
from domain.kernel.numbers import ZERO
from domain.kernel.unit_of_work import UnitOfWork
from domain.market.market import Market
from domain.market.rates import QuoteOf
from domain.market.types import Instrument
from domain.positions import queries
from domain.positions.history import sample_flow
from domain.positions.types import PositionBook
from domain.positions.valuation import mark_price, newest_rate, value_all
from domain.positions.values import AccountValue


@dataclass(frozen=True, slots=True)
class Books:
    """Accounts with their positions at the newest marks."""

    market: Market

    async def read(self, account_ids: Collection[UUID]) -> dict[UUID, AccountValue]:
        """Accounts with their open positions; two statements however many there are."""
        return await self._read(account_ids, include_closed=False)

    async def read_with_closed(self, account_ids: Collection[UUID]) -> dict[UUID, AccountValue]:
        """Accounts with their open and closed positions."""
        return await self._read(account_ids, include_closed=True)

    async def available(self, work: UnitOfWork, account: AccountBook) -> Decimal:
        """The available funds of a locked account; zero while a position cannot be valued."""
        positions, instruments = await self._held(work, account)
        free = free_funds(account, positions, instruments, self.market.quote)
        return ZERO if free is None else free - account.reserved

    async def note_flow(self, work: UnitOfWork, account: AccountBook, amount: Decimal) -> None:
        """Prepare a deposit of ``amount`` (below zero: a withdrawal) in a locked account.

        Its peak is scaled with its equity, and it is sampled right before and right after the flow.
        """
        positions, instruments = await self._held(work, account)
        value = value_all(account, positions, instruments, self.market.quote)
        account.peak_equity = peak_after_flow(account.peak_equity, value.equity, amount)
        await sample_flow(work, value, amount)

    async def _held(
        self, work: UnitOfWork, account: AccountBook
    ) -> tuple[Collection[PositionBook], Mapping[UUID, Instrument]]:
        """The positions of a locked account, and the instruments as cached here: those of the positions are among them.

        Raises:
            Unavailable: one was created a moment ago elsewhere; a transaction does not wait for another connection.
        """
        positions = (await queries.load_positions(work, [account.id], []))[account.id].values()
        for position in positions:
            self.market.known(position.instrument_id)
        return positions, (await self.market.catalog()).by_id

    async def _read(self, account_ids: Collection[UUID], *, include_closed: bool) -> dict[UUID, AccountValue]:
        books = await account_queries.read_books(account_ids)
        positions = await queries.read_positions(books, include_closed=include_closed)
        catalog = await self.market.catalog()
        return {
            account_id: value_all(book, positions[account_id].values(), catalog.by_id, self.market.quote)
            for account_id, book in books.items()
        }


def free_funds(
    account: AccountBook, positions: Iterable[PositionBook], instruments: Mapping[UUID, Instrument], quote_of: QuoteOf
) -> Decimal | None:
    """The funds of an account before the reservations of working orders; None when a position cannot be valued.

    A MARGIN account's funds depend on marks: without a price of a position, or a rate for its currency, they are
    unknown, and no position may be added.
    """
    if account.is_cash:
        return account.cash
    held = [position for position in positions if position.quantity]
    for position in held:
        instrument = instruments[position.instrument_id]
        if mark_price(quote_of(instrument.symbol)) is None:
            return None
        if newest_rate(account.currency, instrument, instruments, quote_of) is None:
            return None
    value = value_all(account, held, instruments, quote_of)
    return value.equity - value.initial_margin
