"""One account, one instrument and one paper exchange without any server: what must hold is checked after every step."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain.accounts.types import AccountEvent, AccountKind
from domain.kernel.numbers import ZERO
from domain.kernel.time import NANOS_PER_SECOND, Nanos
from domain.market.types import Instrument, QuoteTick
from domain.orders.books.booking import ReportBooking
from domain.orders.deciding.grouping import GroupPart, bracket_orders, decide_group, oco_orders
from domain.orders.deciding.modify_rules import ChangeDecision, decide_change
from domain.orders.deciding.pretrade import decide
from domain.orders.deciding.state import new_order
from domain.orders.deciding.trading_book import alternatives
from domain.orders.exchange.execution_reports import ExecutionReport
from domain.orders.exchange.instrument_books import InstrumentBooks
from domain.orders.exchange.paper import PaperVenue
from domain.orders.model.commands import ModifyOrder, OrderKey, PlaceBracket, PlaceOco, PlaceOrder
from domain.orders.model.order import Order
from domain.orders.model.types import OrderStatus, PendingAction, Side
from domain.orders.model.venue_commands import AccountTerms
from domain.positions.exposure import reserved_for
from domain.positions.types import Bucket
from tests.orders.factories import ACCOUNT_ID, NOW, group_request, market, quote, trading_book


class World:
    """Commands go to the exchange at once unless a method says otherwise; ``ignored`` are reports that did nothing."""

    # A real venue has to be asked first.
    ends_exits_at_once = True

    def __init__(self, instrument: Instrument, kind: AccountKind, cash: str) -> None:
        self.instrument = instrument
        self.book = trading_book(cash, kind)
        self.start = self.book.account.cash
        self.books = self.make_books(instrument)
        self.books.introduce(instrument.symbol, self.account_terms)
        self.orders: dict[UUID, Order] = {}
        self.booked: set[tuple[UUID, str]] = set()
        self.ignored: list[ExecutionReport] = []
        self.quote = quote(instrument.symbol)
        self.clock = 0
        self.tick("99.99", "100.01", "5")

    def make_books(self, instrument: Instrument) -> InstrumentBooks[Any]:
        """The books of the paper venue; subclasses have other venues."""
        return PaperVenue({instrument.symbol: instrument}).books

    @property
    def account_terms(self) -> AccountTerms:
        """The account's terms at the venue."""
        account = self.book.account
        return AccountTerms(account.id, account.kind, account.position_mode)

    @property
    def now(self) -> Nanos:
        return Nanos(self.clock)

    @property
    def events(self) -> list[AccountEvent]:
        return self.book.account.events

    def kinds(self, order: Order) -> list[str]:
        """The events of an order."""
        return [str(event.kind) for event in self.events if event.order_id == order.id]

    def tick(self, bid: str, ask: str, size: str = "5") -> None:
        """A new quote."""
        self.report(self.match(bid, ask, size))

    def match(self, bid: str, ask: str, size: str = "5") -> list[ExecutionReport]:
        """A new quote whose reports are not booked yet."""
        self.clock += NANOS_PER_SECOND
        self.quote = quote(self.instrument.symbol, bid, ask, bid_size=Decimal(size), ask_size=Decimal(size))
        tick = QuoteTick(
            self.instrument.symbol,
            self.now,
            self.quote.bid,
            self.quote.ask,
            self.quote.bid_size,
            self.quote.ask_size,
        )
        return self.books.on_tick(tick, self.clock)

    def place(self, order: PlaceOrder) -> Order:
        """Decide on an order and bring it to the exchange."""
        decision = decide(order, self.instrument, market(self.quote), self.book)
        placed = new_order(order, self.instrument, "paper", decision, market(self.quote), order.expires_at, NOW, b"")
        self.orders[placed.id] = placed
        if placed.is_open:
            self.submit((placed,))
        return placed

    def bracket(self, bracket: PlaceBracket) -> list[Order]:
        """Decide on a bracket and bring it to the exchange."""
        return self._group(*bracket_orders(bracket))

    def oco(self, oco: PlaceOco) -> list[Order]:
        """Decide on an OCO and bring it to the exchange."""
        return self._group(*oco_orders(oco))

    def _group(self, parts: Sequence[GroupPart], commands: Sequence[PlaceOrder]) -> list[Order]:
        orders = decide_group(group_request(parts, commands, self.instrument, market(self.quote), self.book)).orders
        self.orders |= {order.id: order for order in orders}
        self.check()
        if orders[0].is_open:
            self.submit(orders)
        return orders

    def submit(self, orders: Sequence[Order]) -> None:
        """Bring orders to the exchange."""
        self.report(self.books.submit(orders, self.now))

    def ask_change(self, order: Order, **fields: Any) -> ChangeDecision:
        """Decide on a change; it is pending then."""
        named = {name: Decimal(value) if isinstance(value, str) else value for name, value in fields.items()}
        decision = decide_change(
            order,
            ModifyOrder(OrderKey(id=order.id), **named),
            self.instrument,
            market(self.quote),
            self.book,
            alternatives(order, self.orders.values()),
        )
        if decision.refusal is None:
            order.pending_action = PendingAction.REPLACE
        self.check()
        return decision

    def modify(self, order: Order, **fields: Any) -> ChangeDecision:
        """Ask for a change and let the exchange answer."""
        decision = self.ask_change(order, **fields)
        if decision.refusal is None:
            self.report(self.books.replace(order, decision.change, self.now))
        return decision

    def ask_cancel(self, order: Order) -> None:
        """A cancel that the exchange has not seen yet."""
        order.pending_action = PendingAction.CANCEL

    def cancel(self, order: Order) -> None:
        """Cancel at the exchange."""
        self.ask_cancel(order)
        self.report(self.books.cancel(order, self.now))

    def report(self, reports: Sequence[ExecutionReport]) -> ReportBooking:
        """Book reports."""
        now = NOW + timedelta(seconds=self.clock // NANOS_PER_SECOND)
        booking = ReportBooking(
            self.orders, {ACCOUNT_ID: self.book}, {self.instrument.id: self.instrument}, self.booked, now
        )
        booking.apply(reports)
        self.ignored += booking.ignored
        # What pre-trade checks would see next.
        self.book.free = self.book.account.cash
        self.check()
        return booking

    def check(self) -> None:
        """Assert that money, sums and orders agree."""
        account, position = self.book.account, self.book.position(self.instrument.id, Bucket.NET)
        assert account.cash == self.start + sum((row.amount for row in account.transactions), ZERO)
        assert account.reserved == position.reserved == reserved_for(position, account.kind) >= ZERO
        for buys, total, margin, fees in (
            (True, position.working_buy, position.working_buy_margin, ZERO),
            (False, position.working_sell, position.working_sell_margin, ZERO),
        ):
            mine = [order for order in self.orders.values() if (order.side is Side.BUY) is buys]
            assert total == sum((order.reserved_quantity for order in mine), fees)
            assert margin == sum((order.reserved_margin for order in mine), ZERO)
        for buys, exits in ((True, position.exit_buy), (False, position.exit_sell)):
            mine = [order for order in self.orders.values() if (order.side is Side.BUY) is buys and order.only_reduces]
            assert exits == sum((order.reserved_quantity for order in mine), ZERO)
            assert all(order.reserved_margin == ZERO for order in mine)
        if self.ends_exits_at_once and not position.quantity:
            self.check_flat()
        assert position.working_fees == sum((order.reserved_fee for order in self.orders.values()), ZERO)
        for order in self.orders.values():
            self._check_order(order)
        filled = sum((order.filled_quantity * order.side.sign for order in self.orders.values()), ZERO)
        assert position.quantity == filled
        if account.is_cash:
            assert position.quantity >= ZERO

    def check_flat(self) -> None:
        """Assert that a reduce-only order works only while there is a position."""
        working = (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED)
        assert not [order for order in self.orders.values() if order.only_reduces and order.status in working]

    def _check_order(self, order: Order) -> None:
        """Assert that an order reserves its unfilled part, once per set of orders that exclude each other."""
        if order.status is OrderStatus.HELD or not order.is_open:
            assert order.reserved_quantity == order.reserved_margin == order.reserved_fee == ZERO
            return
        legs = [leg for leg in alternatives(order, self.orders.values()) if leg.side is order.side]
        working = [leg for leg in legs if leg.status is not OrderStatus.HELD and leg.is_open]
        largest = max(
            quantity - leg.filled_quantity
            for leg in working
            for quantity in [leg.quantity, *(change.quantity_after for change in leg.pending_changes)]
        )
        assert sum((leg.reserved_quantity for leg in working), ZERO) == largest
