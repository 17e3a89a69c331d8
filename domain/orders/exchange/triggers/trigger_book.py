"""The trigger book of one instrument, pure: open orders, their conditions, trails, times and groups.

Commands and market events go in, reports come out. The book's trading (``trading.py``) decides on an order that may
trade, its custody (``custody.py``) on one that is somewhere else. The simulator and real venues share the book. Each
event is processed in this order: matching (the rest of market orders, then buys from the highest price down, then sells
from the lowest up), then expiry, then trailing.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from decimal import Decimal

from domain.market.types import BookTick, QuoteTick, Tick, TradeTick
from domain.orders.exchange.book.market import ExchangeMarket
from domain.orders.exchange.book.working import WorkingOrder
from domain.orders.exchange.execution_reports import (
    CancelRejected,
    ExecutionReport,
    Held,
    Replaced,
    ReplaceRejected,
    RestateReason,
)
from domain.orders.exchange.holdings import Holding
from domain.orders.exchange.trailing import TickGrid
from domain.orders.exchange.triggers import replacing
from domain.orders.exchange.triggers.book_state import BookState
from domain.orders.exchange.triggers.matching import Matching
from domain.orders.exchange.types import CancelReason, Changes, Order, OrderState
from domain.orders.model import refusals
from domain.orders.model.types import Contingency, OrderStatus


class TriggerBook:
    """The book of one instrument. ``make`` makes the working order of one that arrives."""

    __slots__ = ("_make", "_matching", "state")

    def __init__(
        self, state: BookState, matching: Matching, make: Callable[[OrderState], WorkingOrder] = WorkingOrder
    ) -> None:
        self.state = state
        self._matching = matching
        self._make = make

    # ------------------------------------------------------------------ state

    def resume(self, at: int) -> list[ExecutionReport]:
        """Cancel reduce-only orders with no position to reduce; call it after all orders and holdings are restored."""
        self.begin(at)
        for account in list(self.state.exits):
            self.state.end_exits(account)
        return self.finish()

    def order(self, order_id: Hashable) -> OrderState | None:
        """An open order; None when it has ended or is unknown."""
        order = self.state.orders.get(order_id)
        return None if order is None else order.state()

    def open_orders(self) -> list[OrderState]:
        """All open orders in the order of arrival."""
        return [order.state() for order in self.state.orders.values()]

    def __len__(self) -> int:
        """The number of open orders."""
        return len(self.state.orders)

    @property
    def market(self) -> ExchangeMarket:
        """The present market (read only)."""
        return self.state.market

    def holding(self, account: Hashable) -> Holding:
        """The account's position, as reduce-only sees it."""
        return self.state.holdings.get(account)

    def set_holding(self, account: Hashable, holding: Holding) -> None:
        """Set an account's position after a change other than this exchange's own fills."""
        self.state.holdings.put(account, holding)

    def set_tick_size(self, tick_size: Decimal) -> None:
        """Set another tick size; prices computed from now on lie on its grid."""
        self._matching.set_grid(TickGrid.of(tick_size))

    def introduce(self, account: Hashable, *, hedging: bool, may_short: bool) -> None:
        """Set an account's position mode before its first order."""
        self.state.holdings.introduce(account, hedging=hedging, may_short=may_short)

    # ------------------------------------------------------------------ commands

    def submit(self, order: Order, at: int) -> list[ExecutionReport]:
        """Submit one order that belongs to no group."""
        return self.submit_group((order,), at)

    def submit_group(self, orders: Sequence[Order], at: int) -> list[ExecutionReport]:
        """Submit a bracket (the entry first) or an OCO; exits are held until their entry's first fill.

        Raises:
            ValueError: an id is in use already.
        """
        self.begin(at)
        self.refuse_known(orders)
        for member in [self._register(order) for order in orders]:
            if member.status is OrderStatus.PENDING_NEW:
                self._arrive(member)
                self.settle()
        return self.finish()

    def cancel(self, order_id: Hashable, at: int) -> list[ExecutionReport]:
        """Cancel an open order and the orders that depend on it."""
        self.begin(at)
        order = self.state.orders.get(order_id)
        if order is None:
            return [CancelRejected(order_id=order_id, at=at, message=refusals.unknown_order().message)]
        self.state.cancel(order, CancelReason.REQUESTED)
        return self.finish()

    def expire(self, order_id: Hashable, at: int) -> list[ExecutionReport]:
        """Expire an order whose day is over; the caller knows the calendar. Does nothing when it has ended already."""
        self.begin(at)
        order = self.state.orders.get(order_id)
        if order is not None:
            self.state.expire(order)
        return self.finish()

    def replace(self, order_id: Hashable, changes: Changes, at: int) -> list[ExecutionReport]:
        """Replace the terms of an open order, as a whole or not at all. It may trade at once."""
        self.begin(at)
        order = self.state.orders.get(order_id)
        if order is None:
            reason, message = refusals.unknown_order()
            return [ReplaceRejected(order_id=order_id, at=at, reason=reason, message=message)]
        refusal = replacing.refusal(self.state, self._matching, order, changes)
        if refusal is not None:
            return [ReplaceRejected(order_id=order_id, at=at, reason=refusal.reason, message=refusal.message)]
        self._replace(order, changes)
        self.settle()
        return self.finish()

    # ------------------------------------------------------------------ market events

    def on_tick(self, tick: Tick) -> list[ExecutionReport]:
        """Process any market event."""
        if isinstance(tick, QuoteTick):
            return self.on_quote(tick)
        if isinstance(tick, TradeTick):
            return self.on_trade(tick)
        return self.on_book(tick)

    def on_quote(self, tick: QuoteTick) -> list[ExecutionReport]:
        """Process new best prices."""
        self.state.market.see_quote(tick)
        self.state.market.stale = False
        return self._event(tick.at)

    def on_trade(self, tick: TradeTick) -> list[ExecutionReport]:
        """Process a trade of the market."""
        self.state.market.see_trade(tick)
        self.state.market.stale = False
        return self._event(tick.at)

    def on_book(self, tick: BookTick) -> list[ExecutionReport]:
        """Process an order book, or changed levels of it."""
        self.state.market.see_book(tick)
        self.state.market.stale = False
        return self._event(tick.at)

    def on_stale(self, tick: Tick) -> list[ExecutionReport]:
        """Process a market event that was stale on arrival: it is the market from now on, and no order trades at it."""
        self.state.market.see(tick)
        self.state.market.stale = True
        return self.on_clock(tick.at)

    def on_clock(self, at: int) -> list[ExecutionReport]:
        """Process time without a market event: only expiry happens."""
        self.begin(at)
        self._expire_due()
        return self.finish()

    # ------------------------------------------------------------------ inside

    def begin(self, at: int) -> None:
        """Begin a command or event."""
        self.state.now = at

    def finish(self) -> list[ExecutionReport]:
        """The reports since ``begin``."""
        reports = self.state.reports
        self.state.reports = []
        return reports

    def refuse_known(self, orders: Sequence[Order]) -> None:
        """Refuse ids that are in use.

        Raises:
            ValueError: one is.
        """
        known = self.state.orders.keys() & {order.id for order in orders}
        if known or len({order.id for order in orders}) < len(orders):
            raise ValueError(f"order ids are unique, but {known or 'one of the group'} is used already")

    def _register(self, order: Order) -> WorkingOrder:
        held = order.contingency is Contingency.OUO
        status = OrderStatus.HELD if held else OrderStatus.PENDING_NEW
        working = self._make(OrderState(order=order, status=status))
        self.state.register(working)
        if held:
            self.state.reports.append(Held(order_id=order.id, at=self.state.now, status=status))
        return working

    def _arrive(self, order: WorkingOrder) -> None:
        order.sequence = self.state.next_sequence()
        self._matching.arrive(order)

    def settle(self) -> None:
        """Bring the exits to market that the last step released."""
        released = self.state.released
        while released:
            order = released.pop(0)
            if order.is_open:
                self._arrive(order)

    def _event(self, at: int) -> list[ExecutionReport]:
        state = self.state
        state.now = at
        queues = state.queues
        woken = queues.woken(state.market)
        if woken:
            self._match(woken)
        first_expiry = queues.expiries.best
        if first_expiry is not None and first_expiry <= at:
            self._expire_due()
        if queues.dormant.waiting:
            for order in queues.to_activate(state.market):
                self._matching.activate(order)
        if queues.any_trails:
            for order in queues.to_trail(state.market):
                self._matching.follow(order)
        return self.finish()

    def _match(self, woken: Iterable[WorkingOrder]) -> None:
        for order in woken:
            if order.is_open:
                self._matching.match(order)
                if self.state.released:
                    self.settle()

    def _expire_due(self) -> None:
        for order in self.state.queues.expired(self.state.now):
            if order.is_open:
                self.state.expire(order)

    def _replace(self, order: WorkingOrder, changes: Changes) -> None:
        state = self.state
        state.queues.remove(order)
        replacing.apply(state, order, changes)
        held = order.status is OrderStatus.HELD
        if changes.trailing_offset is not None and changes.stop_price is None and not held:
            self._matching.restart_trail(order)
        if not held and not order.remaining:
            order.status = OrderStatus.FILLED
        state.reports.append(
            Replaced(
                order_id=order.id,
                at=state.now,
                status=order.status,
                sequence=order.sequence,
                quantity=order.quantity,
                limit_price=order.limit,
                stop_price=order.stop,
                trailing_offset=order.trailing_offset,
                expires_at=order.expires_at,
            )
        )
        if held:
            return
        self._after_replace(order, changes)

    def _after_replace(self, order: WorkingOrder, changes: Changes) -> None:
        state = self.state
        if order.terms.contingency is Contingency.OTO and changes.quantity is not None:
            for child in state.groups.exits(order):
                if child.status is OrderStatus.HELD:
                    state.restate(child, RestateReason.ENTRY_REPLACED, quantity=order.quantity)
        if order.status is OrderStatus.FILLED:
            state.complete(order)
            return
        state.queues.place(order)
        self._matching.meet(order)
