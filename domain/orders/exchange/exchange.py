"""The paper exchange of one instrument: a state machine that answers commands and market events with reports.

No clock, no input or output, no chance: the same calls give the same reports. Several accounts share one exchange;
paper fills do not consume from each other, because each order sees the size that the market shows. Each event is
processed in this order: matching (the rest of market orders, then buys from the highest price down, then sells from the
lowest up), then expiry, then trailing.

Every change is reported. ``snapshot`` and ``restored`` carry the whole state over a restart, without a report.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from domain.market.types import BookTick, QuoteTick, Tick, TradeTick
from domain.orders.exchange import replacing
from domain.orders.exchange.book.market import Market, MarketState
from domain.orders.exchange.book.working import WorkingOrder
from domain.orders.exchange.book_state import BookState
from domain.orders.exchange.execution_reports import (
    CancelRejected,
    ExecutionReport,
    Held,
    Replaced,
    ReplaceRejected,
    RestateReason,
)
from domain.orders.exchange.holdings import Holding, Holdings
from domain.orders.exchange.matching import Matching
from domain.orders.exchange.trailing import TickGrid
from domain.orders.exchange.types import CancelReason, Changes, Order, OrderState
from domain.orders.model.types import Contingency, OrderStatus, RejectReason

UNKNOWN = "no such open order"
RESTORABLE = frozenset({OrderStatus.HELD, OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeState:
    """The whole state of an exchange: open orders, the market and the positions of accounts."""

    orders: tuple[OrderState, ...]
    market: MarketState
    holdings: tuple[tuple[Hashable, Holding], ...]
    sequence: int


class Exchange:
    """The exchange of one instrument with ticks of ``tick_size``."""

    __slots__ = ("_matching", "_state")

    def __init__(self, tick_size: Decimal, *, market: MarketState | None = None) -> None:
        self._state = BookState(Market() if market is None else Market.restored(market), Holdings())
        self._matching = Matching(self._state, TickGrid.of(tick_size))

    # ------------------------------------------------------------------ state

    @classmethod
    def restored(cls, tick_size: Decimal, state: ExchangeState) -> "Exchange":
        """An exchange with the state ``state``."""
        exchange = cls(tick_size, market=state.market)
        for account, holding in state.holdings:
            exchange.set_holding(account, holding)
        for order in state.orders:
            exchange.restore(order)
        exchange._state.sequence = max(exchange._state.sequence, state.sequence)
        return exchange

    def restore(self, state: OrderState) -> None:
        """Re-arm a held or working order with its stored state; no report. Groups are restored in the order of arrival.

        Raises:
            ValueError: the order is not with the exchange, or known already.
        """
        if state.status not in RESTORABLE:
            raise ValueError(f"an order that is {state.status} is not with the exchange")
        self._refuse_known((state.order,))
        order = WorkingOrder(state)
        self._state.register(order)
        self._state.sequence = max(self._state.sequence, state.sequence)
        if state.status is not OrderStatus.HELD:
            self._state.queues.place(order)

    def resume(self, at: int) -> list[ExecutionReport]:
        """Cancel reduce-only orders with no position to reduce; call it after all orders and holdings are restored."""
        self._begin(at)
        for account in list(self._state.exits):
            self._state.end_exits(account)
        return self._finish()

    def snapshot(self) -> ExchangeState:
        """The whole state, for ``restored``."""
        return ExchangeState(
            orders=tuple(order.state() for order in self._state.orders.values()),
            market=self._state.market.state(),
            holdings=self._state.holdings.items(),
            sequence=self._state.sequence,
        )

    def order(self, order_id: Hashable) -> OrderState | None:
        """An open order; None when it has ended or is unknown."""
        order = self._state.orders.get(order_id)
        return None if order is None else order.state()

    def open_orders(self) -> list[OrderState]:
        """All open orders in the order of arrival."""
        return [order.state() for order in self._state.orders.values()]

    def __len__(self) -> int:
        """The number of open orders."""
        return len(self._state.orders)

    @property
    def market(self) -> Market:
        """The present market (read only)."""
        return self._state.market

    def holding(self, account: Hashable) -> Holding:
        """The account's position, as reduce-only sees it."""
        return self._state.holdings.get(account)

    def set_holding(self, account: Hashable, holding: Holding) -> None:
        """Set an account's position after a change other than this exchange's own fills."""
        self._state.holdings.put(account, holding)

    def set_tick_size(self, tick_size: Decimal) -> None:
        """Set another tick size; prices computed from now on lie on its grid."""
        self._matching.set_grid(TickGrid.of(tick_size))

    def introduce(self, account: Hashable, *, hedging: bool, may_short: bool) -> None:
        """Set an account's position mode before its first order."""
        self._state.holdings.introduce(account, hedging=hedging, may_short=may_short)

    # ------------------------------------------------------------------ commands

    def submit(self, order: Order, at: int) -> list[ExecutionReport]:
        """Submit one order that belongs to no group."""
        return self.submit_group((order,), at)

    def submit_group(self, orders: Sequence[Order], at: int) -> list[ExecutionReport]:
        """Submit a bracket (the entry first) or an OCO; exits are held until their entry's first fill.

        Raises:
            ValueError: an id is in use already.
        """
        self._begin(at)
        self._refuse_known(orders)
        for member in [self._register(order) for order in orders]:
            if member.status is OrderStatus.PENDING_NEW:
                self._arrive(member)
                self._settle()
        return self._finish()

    def cancel(self, order_id: Hashable, at: int) -> list[ExecutionReport]:
        """Cancel an open order and the orders that depend on it."""
        self._begin(at)
        order = self._state.orders.get(order_id)
        if order is None:
            return [CancelRejected(order_id=order_id, at=at, message=UNKNOWN)]
        self._state.cancel(order, CancelReason.REQUESTED)
        return self._finish()

    def expire(self, order_id: Hashable, at: int) -> list[ExecutionReport]:
        """Expire an order whose day is over; the caller knows the calendar. Does nothing when it has ended already."""
        self._begin(at)
        order = self._state.orders.get(order_id)
        if order is not None:
            self._state.expire(order)
        return self._finish()

    def replace(self, order_id: Hashable, changes: Changes, at: int) -> list[ExecutionReport]:
        """Replace the terms of an open order, as a whole or not at all. It may trade at once."""
        self._begin(at)
        order = self._state.orders.get(order_id)
        if order is None:
            return [ReplaceRejected(order_id=order_id, at=at, reason=RejectReason.VENUE_REJECTED, message=UNKNOWN)]
        refusal = replacing.refusal(self._state, self._matching, order, changes)
        if refusal is not None:
            return [ReplaceRejected(order_id=order_id, at=at, reason=refusal.reason, message=refusal.message)]
        self._replace(order, changes)
        self._settle()
        return self._finish()

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
        self._state.market.see_quote(tick)
        self._state.market.stale = False
        return self._event(tick.at)

    def on_trade(self, tick: TradeTick) -> list[ExecutionReport]:
        """Process a trade of the market."""
        self._state.market.see_trade(tick)
        self._state.market.stale = False
        return self._event(tick.at)

    def on_book(self, tick: BookTick) -> list[ExecutionReport]:
        """Process an order book, or changed levels of it."""
        self._state.market.see_book(tick)
        self._state.market.stale = False
        return self._event(tick.at)

    def on_stale(self, tick: Tick) -> list[ExecutionReport]:
        """Process a market event that was stale on arrival: it is the market from now on, and no order trades at it."""
        self._state.market.see(tick)
        self._state.market.stale = True
        return self.on_clock(tick.at)

    def on_clock(self, at: int) -> list[ExecutionReport]:
        """Process time without a market event: only expiry happens."""
        self._begin(at)
        self._expire_due()
        return self._finish()

    # ------------------------------------------------------------------ inside

    def _begin(self, at: int) -> None:
        self._state.now = at

    def _finish(self) -> list[ExecutionReport]:
        reports = self._state.reports
        self._state.reports = []
        return reports

    def _refuse_known(self, orders: Sequence[Order]) -> None:
        known = self._state.orders.keys() & {order.id for order in orders}
        if known or len({order.id for order in orders}) < len(orders):
            raise ValueError(f"order ids are unique, but {known or 'one of the group'} is used already")

    def _register(self, order: Order) -> WorkingOrder:
        held = order.contingency is Contingency.OUO
        status = OrderStatus.HELD if held else OrderStatus.PENDING_NEW
        working = WorkingOrder(OrderState(order=order, status=status))
        self._state.register(working)
        if held:
            self._state.reports.append(Held(order_id=order.id, at=self._state.now, status=status))
        return working

    def _arrive(self, order: WorkingOrder) -> None:
        order.sequence = self._state.next_sequence()
        self._matching.arrive(order)

    def _settle(self) -> None:
        """Bring the exits to market that the last step released."""
        released = self._state.released
        while released:
            order = released.pop(0)
            if order.is_open:
                self._arrive(order)

    def _event(self, at: int) -> list[ExecutionReport]:
        state = self._state
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
        return self._finish()

    def _match(self, woken: Iterable[WorkingOrder]) -> None:
        for order in woken:
            if order.is_open:
                self._matching.match(order)
                if self._state.released:
                    self._settle()

    def _expire_due(self) -> None:
        for order in self._state.queues.expired(self._state.now):
            if order.is_open:
                self._state.expire(order)

    def _replace(self, order: WorkingOrder, changes: Changes) -> None:
        state = self._state
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
        state = self._state
        if order.terms.contingency is Contingency.OTO and changes.quantity is not None:
            for child in state.groups.exits(order):
                if child.status is OrderStatus.HELD:
                    state.restate(child, RestateReason.ENTRY_REPLACED, quantity=order.quantity)
        if order.status is OrderStatus.FILLED:
            state.complete(order)
            return
        state.queues.place(order)
        self._matching.meet(order)
