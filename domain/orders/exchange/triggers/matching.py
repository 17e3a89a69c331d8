"""Matching of one order: on arrival, when triggered, when touched while it rests, and when its trail moves.

Each method looks at the present market, decides, and lets the state book the result. An order that may trade is left to
the book's trading (``trading.py``).
"""

from decimal import Decimal

from domain.kernel.numbers import ZERO
from domain.orders.exchange.book.working import WorkingOrder
from domain.orders.exchange.conditions import stop_reached, touched
from domain.orders.exchange.execution_reports import RestateReason, TrailMoved, Triggered
from domain.orders.exchange.trailing import TickGrid, favourable, trail
from domain.orders.exchange.triggers.book_state import BookState
from domain.orders.exchange.triggers.trading import Trading
from domain.orders.exchange.types import CancelReason
from domain.orders.model import refusals
from domain.orders.model.refusals import Refusal
from domain.orders.model.types import OrderType


class Matching:
    """The rules of one instrument; its ``grid`` of prices matters to trailing stops only."""

    __slots__ = ("_grid", "_state", "_trading")

    def __init__(self, state: BookState, grid: TickGrid, trading: Trading) -> None:
        self._state = state
        self._trading = trading
        self._grid = grid

    def set_grid(self, grid: TickGrid) -> None:
        """Compute prices on another grid from now on."""
        self._grid = grid

    # ------------------------------------------------------------------ arrival

    def arrive(self, order: WorkingOrder) -> None:
        """Reject the order, or accept it and let it trade with the present market."""
        if self._trading.takes(order):
            return
        if order.closes and not self._cut_on_arrival(order):
            return
        if order.is_conditional:
            self._arrive_conditional(order)
        elif order.terms.type is OrderType.LIMIT:
            self._trading.arrive_limit(order)
        else:
            self._trading.arrive_market(order)

    def _cut_on_arrival(self, order: WorkingOrder) -> bool:
        reducible = self._state.reducible(order)
        if reducible <= ZERO:
            self._state.reject(order, *refusals.nothing_to_reduce())
            return False
        order.quantity = min(order.quantity, reducible)
        return True

    def _arrive_conditional(self, order: WorkingOrder) -> None:
        if order.stop is not None and self.condition_met(order, order.stop):
            if self._trading.triggers_on_arrival(order):
                self._state.accept(order)
                self._trigger(order)
                return
            self._state.reject(order, *self.stop_already_met(order, order.stop))
            return
        if order.is_trailing:
            self._start_trail(order)
        self._state.accept(order)
        self._state.queues.place(order)

    # ------------------------------------------------------------------ each event

    def match(self, order: WorkingOrder) -> None:
        """Let an order that the market reached trade or trigger."""
        if order.closes and not self._cut_to_position(order):
            return
        if order.rests_at_limit:
            self._trading.fill_resting(order)
        elif order.is_conditional:
            self._trigger(order)
        else:
            self._trading.take_market(order)

    def meet(self, order: WorkingOrder) -> None:
        """Let a limit order that a replace has moved into the market trade."""
        if not order.rests_at_limit or order.limit is None or not self._state.market.crosses(order.side, order.limit):
            return
        if not order.closes or self._cut_to_position(order):
            self._trading.take_limit(order)

    def _cut_to_position(self, order: WorkingOrder) -> bool:
        reducible = self._state.reducible(order)
        if reducible <= ZERO:
            self._state.cancel(order, CancelReason.REDUCE_ONLY)
            return False
        if order.remaining > reducible:
            self._state.restate(order, RestateReason.REDUCE_ONLY, quantity=order.filled + reducible)
        return True

    def _trigger(self, order: WorkingOrder) -> None:
        if not order.triggered:
            price = self._state.market.reference(order.reference)
            assert price is not None
            if order.becomes_limit and order.limit is None:
                order.limit = self._trail(order, price, order.terms.limit_offset)
                self._report_move(order)
            order.triggered = True
            self._state.reports.append(
                Triggered(order_id=order.id, at=self._state.now, status=order.status, price=price)
            )
            if order.becomes_limit:
                self._work_as_limit(order)
                return
        self._trading.take_market(order)

    def _work_as_limit(self, order: WorkingOrder) -> None:
        assert order.limit is not None
        if order.terms.post_only and self._state.market.crosses(order.side, order.limit):
            self._state.reject_post_only(order)
            return
        self._state.requeue(order)
        self._trading.take_limit(order)

    def condition_met(self, order: WorkingOrder, stop: Decimal) -> bool:
        """True if the market is at ``stop`` already, by the condition of the order's type."""
        price = self._state.market.reference(order.reference)
        meets = touched if order.waits_for_touch else stop_reached
        return meets(order.side, stop, price)

    def stop_already_met(self, order: WorkingOrder, stop: Decimal) -> Refusal:
        """The refusal of a stop price that the market has met already."""
        return refusals.stop_already_met(stop, self._state.market.reference(order.reference))

    # ------------------------------------------------------------------ trailing

    def activate(self, order: WorkingOrder) -> None:
        """Activate a trailing order whose activation price is touched."""
        order.activated = True
        self._move(order)
        self._report_move(order)

    def follow(self, order: WorkingOrder) -> None:
        """Move stop and limit to the most favourable price so far, and report a move."""
        if self._move(order):
            self._report_move(order)

    def restart_trail(self, order: WorkingOrder) -> None:
        """Set stop and limit again from the present price, as on acceptance: a request changed the offset."""
        if order.activated and self._state.market.reference(order.reference) is not None:
            order.stop = None
            self._start_trail(order)

    def _start_trail(self, order: WorkingOrder) -> None:
        price = self._state.market.reference(order.reference)
        activation = order.terms.activation_price
        order.activated = order.activated or activation is None or touched(order.side, activation, price)
        if not order.activated or price is None:
            return
        if order.stop is None:
            order.stop = self._trail(order, price, order.trailing_offset)
            order.anchor = price
        if order.becomes_limit and order.limit is None:
            order.limit = self._trail(order, price, order.terms.limit_offset)

    def _move(self, order: WorkingOrder) -> bool:
        """Move stop and limit if that is favourable; True if one moved."""
        price = self._state.market.reference(order.reference)
        if price is None:
            return False
        stop = favourable(order.side, order.stop, self._trail(order, price, order.trailing_offset))
        limit = order.limit
        if order.becomes_limit:
            limit = favourable(order.side, limit, self._trail(order, price, order.terms.limit_offset))
        moved = stop != order.stop or limit != order.limit
        self._state.queues.remove(order)
        order.stop, order.limit, order.anchor = stop, limit, price
        self._state.queues.place(order)
        return moved

    def _trail(self, order: WorkingOrder, price: Decimal, offset: Decimal | None) -> Decimal:
        assert offset is not None
        return trail(order.side, price, offset, order.terms.trailing_offset_kind, self._grid)

    def _report_move(self, order: WorkingOrder) -> None:
        assert order.stop is not None
        self._state.reports.append(
            TrailMoved(
                order_id=order.id,
                at=self._state.now,
                status=order.status,
                stop_price=order.stop,
                limit_price=order.limit,
            )
        )
