"""An account that trades instruments of every kind at one paper venue, without any server, by pure rules alone."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain.accounts.rules import post, withdrawable
from domain.accounts.types import AccountKind, PositionMode, TransactionKind
from domain.kernel.numbers import ZERO
from domain.kernel.time import NANOS_PER_SECOND, Nanos
from domain.market.rates import InstrumentIndex
from domain.market.types import AssetClass, FeeSchedule, Instrument, Quote, QuoteTick
from domain.orders.books.booking import ReportBooking
from domain.orders.deciding.modify_rules import decide_change
from domain.orders.deciding.pretrade import decide
from domain.orders.deciding.state import new_order
from domain.orders.deciding.trading_book import MarketState, TradingBook, alternatives
from domain.orders.exchange.execution_reports import ExecutionReport
from domain.orders.exchange.paper import PaperVenue
from domain.orders.model.commands import ModifyOrder, OrderKey, PlaceOrder
from domain.orders.model.order import Execution, Order
from domain.orders.model.types import PendingAction
from domain.positions.carry import CarryTerms, post_carry
from domain.positions.service import free_funds
from domain.positions.types import PositionBook
from domain.positions.valuation import value_all
from domain.positions.values import AccountValue
from tests.orders.factories import ACCOUNT_ID, NOW, account

_PLAIN: dict[str, Any] = {
    "exchange": "LAB",
    "currency": "USD",
    "tick_size": Decimal("0.01"),
    "lot_size": Decimal("0.1"),
    "min_quantity": Decimal("0.1"),
    "initial_margin_rate": Decimal("0.1"),
    "maintenance_margin_rate": Decimal("0.05"),
    "fees": FeeSchedule(maker_rate=Decimal("-0.0001"), taker_rate=Decimal("0.001")),
    "shortable": True,
}


def _instrument(number: int, symbol: str, asset_class: AssetClass, **terms: Any) -> Instrument:
    return Instrument(
        **({"id": UUID(int=number), "symbol": symbol, "name": symbol, "asset_class": asset_class} | _PLAIN | terms)
    )


COIN = _instrument(31, "COINUSD", AssetClass.CRYPTO, borrow_rate=Decimal("0.2"))
SHARE = _instrument(
    32,
    "SHARE",
    AssetClass.EQUITY,
    initial_margin_rate=Decimal("0.5"),
    maintenance_margin_rate=Decimal("0.25"),
    fees=FeeSchedule(per_unit=Decimal("0.005"), minimum=Decimal(1), sell_tax_rate=Decimal("0.001")),
)
LINEAR = _instrument(33, "COIN-PERP", AssetClass.PERPETUAL, funding_rate=Decimal("0.0003"))
INVERSE = _instrument(
    34,
    "COIN-INV",
    AssetClass.PERPETUAL,
    currency="COIN",
    multiplier=Decimal(10),
    inverse=True,
    lot_size=Decimal(1),
    min_quantity=Decimal(1),
    funding_rate=Decimal("-0.0002"),
)
# It is quoted in another currency, and around zero.
SPREAD = _instrument(35, "SPREAD", AssetClass.FUTURE, currency="EUR", multiplier=Decimal(50))
EURUSD = _instrument(36, "EURUSD", AssetClass.FX, tick_size=Decimal("0.0001"))
INSTRUMENTS = InstrumentIndex((item.id, item) for item in (COIN, SHARE, LINEAR, INVERSE, SPREAD, EURUSD))
# The first market of each: bid and ask.
MARKETS = {
    "COINUSD": ("99.99", "100.01"),
    "SHARE": ("49.99", "50.01"),
    "COIN-PERP": ("99.99", "100.01"),
    "COIN-INV": ("99.99", "100.01"),
    "SPREAD": ("-0.01", "0.01"),
    "EURUSD": ("1.2499", "1.2501"),
}


class Household:
    """An account whose commands reach the venue at once. ``deposited`` is the sum of deposits less withdrawals."""

    def __init__(self, kind: AccountKind, mode: PositionMode, cash: str = "2000") -> None:
        self.account = account("0", kind, position_mode=mode)
        self.positions: dict[Any, PositionBook] = {}
        self.book = TradingBook(self.account, self.positions, None)
        self.books = PaperVenue({item.symbol: item for item in INSTRUMENTS.values()}).books
        self.orders: dict[UUID, Order] = {}
        self.executions: list[Execution] = []
        self.quotes: dict[str, Quote] = {}
        self.clock = 0
        self.deposited = ZERO
        self._booked: set[tuple[UUID, str]] = set()
        for symbol, (bid, ask) in MARKETS.items():
            self.tick(symbol, bid, ask)
        self.move(Decimal(cash))

    # -------------------------------------------------------------- the market

    def tick(self, symbol: str, bid: str | Decimal, ask: str | Decimal, size: str | Decimal = "5") -> None:
        """A new quote, against which resting orders are matched."""
        self.clock += NANOS_PER_SECOND
        at, prices = Nanos(self.clock), (Decimal(bid), Decimal(ask))
        self.quotes[symbol] = Quote(symbol, at, *prices, Decimal(size), Decimal(size))
        tick = QuoteTick(symbol, at, *prices, Decimal(size), Decimal(size))
        self.report(self.books.on_tick(tick, self.clock))

    def rate(self, source: str, target: str) -> Decimal | None:
        """The newest rate between two currencies."""
        return INSTRUMENTS.pairs.rate(source, target, self.quotes.get)

    def market(self, instrument: Instrument) -> MarketState:
        """The market data for decisions."""
        pairs = INSTRUMENTS.pairs
        conversion = pairs.conversion(instrument.currency, self.account.currency, self.quotes.get)
        return MarketState(self.quotes.get(instrument.symbol), False, True, conversion)

    # -------------------------------------------------------------- orders

    def place(self, command: PlaceOrder) -> Order:
        """Decide on an order, and bring it to the venue if it is accepted."""
        instrument = next(item for item in INSTRUMENTS.values() if item.symbol == command.symbol)
        state = self.market(instrument)
        self._refresh()
        decision = decide(command, instrument, state, self.book)
        order = new_order(command, instrument, "paper", decision, state, command.expires_at, NOW, b"")
        self.orders[order.id] = order
        if order.is_open:
            self.report(self.books.submit((order,), Nanos(self.clock)))
        return order

    def modify(self, order: Order, quantity: Decimal) -> bool:
        """Request another quantity; true if it was accepted."""
        self._refresh()
        instrument = INSTRUMENTS[order.instrument_id]
        legs = alternatives(order, self.orders.values())
        change = ModifyOrder(OrderKey(id=order.id), quantity=quantity)
        decision = decide_change(order, change, instrument, self.market(instrument), self.book, legs)
        if decision.refusal is not None:
            return False
        order.pending_action = PendingAction.REPLACE
        self.report(self.books.replace(order, decision.change, Nanos(self.clock)))
        return True

    def cancel(self, order: Order) -> None:
        """Cancel an open order."""
        order.pending_action = PendingAction.CANCEL
        self.report(self.books.cancel(order, Nanos(self.clock)))

    def expire(self) -> None:
        """End a day at the venue: orders of that day expire."""
        self.clock += 86_400 * NANOS_PER_SECOND
        self.report(self.books.on_clock(Nanos(self.clock)))

    def report(self, reports: list[ExecutionReport]) -> None:
        """Book the venue's reports."""
        now = NOW + timedelta(seconds=self.clock // NANOS_PER_SECOND)
        booking = ReportBooking(self.orders, {ACCOUNT_ID: self.book}, INSTRUMENTS, self._booked, now, self.rate)
        booking.apply(reports)
        self.executions += booking.executions

    def open_orders(self) -> list[Order]:
        """The working orders."""
        return [order for order in self.orders.values() if order.is_open]

    # -------------------------------------------------------------- money

    def value(self) -> AccountValue:
        """The current value."""
        return value_all(self.account, self.held(), INSTRUMENTS, self.quotes.get)

    def held(self) -> list[PositionBook]:
        """Positions that are not flat."""
        return [position for position in self.positions.values() if position.quantity]

    def move(self, amount: Decimal) -> bool:
        """Deposit, or withdraw for an amount below zero if that is allowed; true if it was done."""
        self._refresh()
        available = self.book.available
        if amount < ZERO and -amount > withdrawable(self.account, ZERO if available is None else available):
            return False
        kind = TransactionKind.DEPOSIT if amount > ZERO else TransactionKind.WITHDRAWAL
        row = post(self.account, kind, amount, NOW, "somebody")
        assert row is not None
        self.deposited += row.amount
        return True

    def roll(self, day: int) -> Iterator[Any]:
        """Post the carry of a day and begin the next day."""
        terms = CarryTerms(INSTRUMENTS, self.quotes.get, {"USD": Decimal("0.05")})
        yield from post_carry(self.account, self.held(), terms, NOW.date() + timedelta(days=day), NOW)
        for position in self.positions.values():
            position.today_quantity = ZERO

    def _refresh(self) -> None:
        self.book.free = free_funds(self.account, self.held(), INSTRUMENTS, self.quotes.get)
