"""The books of a venue by symbol, of any kind of venue: ticks and commands in, reports out. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from domain.accounts.types import AccountKind, PositionMode
from domain.kernel.time import Nanos
from domain.market.clocks import USUAL_BOUNDS, ClockBounds, KeptQuote, TickClocks, counts_from, is_replay
from domain.market.types import Instrument, QuoteTick, Tick
from domain.orders.exchange.execution_reports import ExecutionReport, Rejected
from domain.orders.exchange.holdings import Holding
from domain.orders.exchange.instrument_book import InstrumentBook
from domain.orders.exchange.types import Changes
from domain.orders.exchange.types import Order as ExchangeOrder
from domain.orders.model import refusals
from domain.orders.model.order import Order, PendingChange, changes_in, terms_of
from domain.orders.model.types import OrderStatus
from domain.orders.model.venue_commands import CANCEL, REPLACE, SUBMIT, AccountTerms, VenueCommand
from domain.positions.types import Bucket, PositionBook


@dataclass(frozen=True, slots=True)
class StoredPosition:
    """A position with its symbol and the kind of its account."""

    symbol: str
    position: PositionBook
    kind: AccountKind


AnyBook = TypeVar("AnyBook", bound=InstrumentBook)


class InstrumentBooks(Generic[AnyBook]):
    """The books by symbol; ``make`` makes one when its symbol is met. ``wall`` is the machine's clock in nanoseconds.

    Late ticks (``domain.market.clocks``) change nothing. A market that was stale on arrival does not trade until the
    next event. In a replay the book uses the replay's time.
    """

    def __init__(
        self,
        instruments: Mapping[str, Instrument],
        make: Callable[[Instrument], AnyBook],
        bounds: ClockBounds = USUAL_BOUNDS,
    ) -> None:
        self._instruments = instruments
        self._make = make
        self._stale_after = bounds.stale_after
        self._clocks = TickClocks(bounds)
        self._books: dict[str, AnyBook] = {}
        # By symbol: the time of its replay.
        self._market_time: dict[str, Nanos] = {}

    def know(self, instruments: Mapping[str, Instrument]) -> None:
        """Set newer terms of instruments; existing books use them."""
        if instruments is self._instruments:
            return
        self._instruments = instruments
        for symbol, book in self._books.items():
            if symbol in instruments:
                book.set_instrument(instruments[symbol])

    def items(self) -> Iterable[tuple[str, AnyBook]]:
        """The books that there are, with their symbols."""
        return self._books.items()

    def __contains__(self, symbol: str) -> bool:
        """True if the symbol has a book already."""
        return symbol in self._books

    def __getitem__(self, symbol: str) -> AnyBook:
        """The book of a symbol that has one."""
        return self._books[symbol]

    def find(self, symbol: str) -> AnyBook | None:
        """The book of a symbol; None if there is no such instrument."""
        book = self._books.get(symbol)
        if book is None and symbol in self._instruments:
            book = self._books[symbol] = self._make(self._instruments[symbol])
        return book

    def see_quote(self, kept: KeptQuote) -> None:
        """Set the market before orders are re-armed; orders are not matched against it."""
        quote = kept.quote
        tick = QuoteTick(
            symbol=quote.symbol,
            at=quote.at,
            bid=quote.bid,
            ask=quote.ask,
            bid_size=quote.bid_size,
            ask_size=quote.ask_size,
            last=quote.last,
            last_size=quote.last_size,
        )
        book = self.find(quote.symbol)
        if book is not None:
            self._keep_time(quote.symbol, quote.at, replayed=kept.is_replayed)
            if kept.came_stale:
                book.on_stale(tick)
            else:
                book.on_quote(tick)

    def join_clocks(self, clocks: Mapping[str, str]) -> None:
        """Merge the known times of sources of ticks."""
        self._clocks.join(clocks)

    def hold(self, held: StoredPosition) -> None:
        """Set an account's position in a symbol and bucket."""
        book, position = self.find(held.symbol), held.position
        if book is None:
            return
        may_short = self._may_short(held.symbol, held.kind)
        if position.bucket is Bucket.NET:
            book.set_holding(position.account_id, Holding.net(position.quantity, may_short=may_short))
            return
        before = book.holding(position.account_id)
        long = position.quantity if position.bucket is Bucket.LONG else before.long
        short = -position.quantity if position.bucket is Bucket.SHORT else before.short
        book.set_holding(position.account_id, Holding(long, short, hedging=True, may_short=may_short))

    def introduce(self, symbol: str, account: AccountTerms) -> None:
        """Set an account's position mode; it cannot be inferred while the account has no position."""
        book = self.find(symbol)
        if book is not None:
            may_short = self._may_short(symbol, account.kind)
            book.introduce(account.id, hedging=account.mode is PositionMode.HEDGING, may_short=may_short)

    def _may_short(self, symbol: str, kind: AccountKind) -> bool:
        return kind is AccountKind.MARGIN and self._instruments[symbol].may_be_short

    def act(self, commands: Sequence[VenueCommand], wall: Nanos) -> list[ExecutionReport]:
        """Carry out commands, in their order; one to submit an order that has come already does nothing."""
        reports: list[ExecutionReport] = []
        for command in commands:
            order = command.order
            if command.kind == SUBMIT and order.status is OrderStatus.PENDING_NEW:
                self.introduce(order.symbol, command.account)
                reports += self.submit(command.group or (order,), wall)
            elif command.kind == CANCEL:
                reports += self.cancel(order, wall)
            elif command.kind == REPLACE:
                assert command.change is not None
                reports += self.replace(order, command.change, wall)
        return reports

    def submit(self, orders: Sequence[Order], wall: Nanos) -> list[ExecutionReport]:
        """Submit a new order, or those of a bracket (the entry first) or an OCO; known orders are skipped."""
        symbol = orders[0].symbol
        book = self.find(symbol)
        at = self._time(symbol, wall)
        if book is None:
            reason, message = refusals.unknown_there(symbol)
            return [
                Rejected(order_id=order.id, at=at, status=OrderStatus.REJECTED, reason=reason, message=message)
                for order in orders
            ]
        if book.order(orders[0].id) is not None:
            return []
        return book.submit_group([exchange_order(order) for order in orders], at)

    def cancel(self, order: Order, wall: Nanos) -> list[ExecutionReport]:
        """Cancel an open order; for an ended one the answer says so."""
        book = self.find(order.symbol)
        return [] if book is None else book.cancel(order.id, self._time(order.symbol, wall))

    def replace(self, order: Order, change: PendingChange, wall: Nanos) -> list[ExecutionReport]:
        """Replace the terms of an open order; for an ended one the answer says so."""
        book = self.find(order.symbol)
        if book is None:
            return []
        return book.replace(order.id, changes_of(change), self._time(order.symbol, wall))

    def on_tick(self, tick: Tick, received: int) -> list[ExecutionReport]:
        """Process a market event; ``received`` is its arrival, in nanoseconds."""
        book = self.find(tick.symbol)
        if book is None or not self._clocks.takes(tick, received):
            return []
        self._keep_time(tick.symbol, tick.at, replayed=is_replay(tick.source))
        is_fresh = received - counts_from(tick, received) <= self._stale_after
        return book.on_tick(tick) if is_fresh else book.on_stale(tick)

    def on_clock(self, wall: Nanos) -> list[ExecutionReport]:
        """Expire due orders without a market event."""
        return [report for book in self._books.values() for report in book.on_clock(wall)]

    def resume(self, wall: Nanos) -> list[ExecutionReport]:
        """Do the pending work after all stored state is restored, and report it."""
        return [report for symbol, book in self._books.items() for report in book.resume(self._time(symbol, wall))]

    def _keep_time(self, symbol: str, at: Nanos, *, replayed: bool) -> None:
        if replayed:
            self._market_time[symbol] = at
        else:
            self._market_time.pop(symbol, None)

    def _time(self, symbol: str, wall: Nanos) -> Nanos:
        return self._market_time.get(symbol, wall)


def changes_of(change: PendingChange) -> Changes:
    """A pending change in the exchange's form."""
    at = change.expires_at
    return Changes(**changes_in(change) | {"expires_at": Nanos.of(at) if at is not None else None})


def exchange_order(order: Order) -> ExchangeOrder:
    """An order with its present terms in the exchange's form."""
    terms = terms_of(order)
    terms["expires_at"] = Nanos.of(order.works_until) if order.works_until is not None else None
    return ExchangeOrder(
        id=order.id, account=order.account_id, contingency=order.contingency, group=order.group_id, **terms
    )
