"""A venue's exchanges by symbol, pure, of any kind: ticks and commands in, reports out."""

from collections.abc import Callable, Mapping, Sequence
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


AnyExchange = TypeVar("AnyExchange", bound=InstrumentBook)


class Exchanges(Generic[AnyExchange]):
    """Exchanges by symbol. ``wall`` arguments are the machine's clock in nanoseconds.

    Late ticks (``domain.market.clocks``) change nothing. A market that was stale on arrival does not trade until the
    next event. In a replay the exchange uses the replay's time.
    """

    def __init__(
        self,
        instruments: Mapping[str, Instrument],
        make: Callable[[Instrument], AnyExchange],
        bounds: ClockBounds = USUAL_BOUNDS,
    ) -> None:
        self._instruments = instruments
        self._make = make
        self._stale_after = bounds.stale_after
        self._clocks = TickClocks(bounds)
        self._exchanges: dict[str, AnyExchange] = {}
        # By symbol: the time of its replay.
        self._market_time: dict[str, Nanos] = {}

    def know(self, instruments: Mapping[str, Instrument]) -> None:
        """Set newer terms of instruments; existing exchanges use their tick sizes."""
        if instruments is self._instruments:
            return
        self._instruments = instruments
        for symbol, exchange in self._exchanges.items():
            if symbol in instruments:
                exchange.set_tick_size(instruments[symbol].tick_size)

    @property
    def open_orders(self) -> int:
        """The number of open orders."""
        return sum(len(exchange) for exchange in self._exchanges.values())

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
        exchange = self._exchange(quote.symbol)
        if exchange is not None:
            self._keep_time(quote.symbol, quote.at, replayed=kept.is_replayed)
            if kept.came_stale:
                exchange.on_stale(tick)
            else:
                exchange.on_quote(tick)

    def join_clocks(self, clocks: Mapping[str, str]) -> None:
        """Merge the known times of sources of ticks."""
        self._clocks.join(clocks)

    def hold(self, held: StoredPosition) -> None:
        """Set an account's position in a symbol and bucket."""
        exchange, position = self._exchange(held.symbol), held.position
        if exchange is None:
            return
        may_short = self._may_short(held.symbol, held.kind)
        if position.bucket is Bucket.NET:
            exchange.set_holding(position.account_id, Holding.net(position.quantity, may_short=may_short))
            return
        before = exchange.holding(position.account_id)
        long = position.quantity if position.bucket is Bucket.LONG else before.long
        short = -position.quantity if position.bucket is Bucket.SHORT else before.short
        exchange.set_holding(position.account_id, Holding(long, short, hedging=True, may_short=may_short))

    def introduce(self, symbol: str, account: AccountTerms) -> None:
        """Set an account's position mode; it cannot be inferred while the account has no position."""
        exchange = self._exchange(symbol)
        if exchange is not None:
            may_short = self._may_short(symbol, account.kind)
            exchange.introduce(account.id, hedging=account.mode is PositionMode.HEDGING, may_short=may_short)

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
        exchange = self._exchange(symbol)
        at = self._time(symbol, wall)
        if exchange is None:
            reason, message = refusals.unknown_there(symbol)
            return [
                Rejected(order_id=order.id, at=at, status=OrderStatus.REJECTED, reason=reason, message=message)
                for order in orders
            ]
        if exchange.order(orders[0].id) is not None:
            return []
        return exchange.submit_group([exchange_order(order) for order in orders], at)

    def cancel(self, order: Order, wall: Nanos) -> list[ExecutionReport]:
        """Cancel an open order; for an ended one the answer says so."""
        exchange = self._exchange(order.symbol)
        return [] if exchange is None else exchange.cancel(order.id, self._time(order.symbol, wall))

    def replace(self, order: Order, change: PendingChange, wall: Nanos) -> list[ExecutionReport]:
        """Replace the terms of an open order; for an ended one the answer says so."""
        exchange = self._exchange(order.symbol)
        if exchange is None:
            return []
        return exchange.replace(order.id, changes_of(change), self._time(order.symbol, wall))

    def on_tick(self, tick: Tick, received: int) -> list[ExecutionReport]:
        """Process a market event; ``received`` is its arrival, in nanoseconds."""
        exchange = self._exchange(tick.symbol)
        if exchange is None or not self._clocks.takes(tick, received):
            return []
        self._keep_time(tick.symbol, tick.at, replayed=is_replay(tick.source))
        is_fresh = received - counts_from(tick, received) <= self._stale_after
        return exchange.on_tick(tick) if is_fresh else exchange.on_stale(tick)

    def on_clock(self, wall: Nanos) -> list[ExecutionReport]:
        """Expire due orders without a market event."""
        return [report for exchange in self._exchanges.values() for report in exchange.on_clock(wall)]

    def resume(self, wall: Nanos) -> list[ExecutionReport]:
        """Do the pending work after all stored state is restored, and report it."""
        return [
            report
            for symbol, exchange in self._exchanges.items()
            for report in exchange.resume(self._time(symbol, wall))
        ]

    def _exchange(self, symbol: str) -> AnyExchange | None:
        exchange = self._exchanges.get(symbol)
        if exchange is None and symbol in self._instruments:
            exchange = self._exchanges[symbol] = self._make(self._instruments[symbol])
        return exchange

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
