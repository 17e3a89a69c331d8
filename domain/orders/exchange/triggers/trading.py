"""The trading of executable orders, pure: in the simulator they trade against the current market.

A real venue's book has a trading of its own, which lets the order go to the venue.
"""

from typing import Protocol

from domain.market.types import Level
from domain.orders.exchange.book.working import WorkingOrder
from domain.orders.exchange.execution_reports import RestateReason
from domain.orders.exchange.triggers.book_state import BookState
from domain.orders.exchange.types import CancelReason
from domain.orders.model import refusals
from domain.orders.model.types import Liquidity, OrderType, TimeInForce

AT_ONCE = frozenset({TimeInForce.IOC, TimeInForce.FOK})


class Trading(Protocol):
    """The part of matching in which an order meets other orders, wherever those are."""

    def takes(self, order: WorkingOrder) -> bool:
        """Take an order that arrives as it is; False where the book has to hold it."""
        ...

    def triggers_on_arrival(self, order: WorkingOrder) -> bool:
        """True if an order whose condition is met on arrival triggers; False if it is rejected."""
        ...

    def arrive_market(self, order: WorkingOrder) -> None:
        """A market order arrives."""
        ...

    def arrive_limit(self, order: WorkingOrder) -> None:
        """A limit order arrives."""
        ...

    def fill_resting(self, order: WorkingOrder) -> None:
        """The market reaches a limit order that rests."""
        ...

    def take_limit(self, order: WorkingOrder) -> None:
        """A limit order may take what the market shows."""
        ...

    def take_market(self, order: WorkingOrder) -> None:
        """A market order may take what the market shows."""
        ...


class MarketTrading:
    """Trading against the current market."""

    __slots__ = ("_state",)

    def __init__(self, state: BookState) -> None:
        self._state = state

    def takes(self, order: WorkingOrder) -> bool:  # noqa: ARG002  every order is matched here
        """Nothing goes anywhere else."""
        return False

    def triggers_on_arrival(self, order: WorkingOrder) -> bool:  # noqa: ARG002  no order does
        """Such an order is rejected."""
        return False

    def arrive_market(self, order: WorkingOrder) -> None:
        """Take the displayed sizes; the rest waits for the next ones."""
        if self._state.market.opposite(order.side) is None:
            self._state.reject(order, *refusals.no_market(order.side))
            return
        self._state.accept(order)
        self.take_market(order)
        if order.is_open:
            self._state.requeue(order)

    def arrive_limit(self, order: WorkingOrder) -> None:
        """Take the displayed sizes; the rest rests."""
        assert order.limit is not None
        if order.terms.post_only and self._state.market.crosses(order.side, order.limit):
            self._state.reject_post_only(order)
            return
        self._state.accept(order)
        self.take_limit(order)
        if order.is_open:
            self._state.queues.place(order)

    def fill_resting(self, order: WorkingOrder) -> None:
        """Fill at the order's own limit."""
        limit = order.limit
        assert limit is not None
        taken = self._state.market.take(order.side, order.remaining, limit)
        if taken:
            self._state.fill(order, [(limit, quantity) for _, quantity in taken], Liquidity.MAKER)

    def take_limit(self, order: WorkingOrder) -> None:
        """Take the levels within the limit."""
        taken = self._state.market.take(order.side, order.remaining, order.limit)
        self._take(order, taken)

    def take_market(self, order: WorkingOrder) -> None:
        """Take the levels from the best one on."""
        best_only = order.terms.type is OrderType.MARKET_TO_LIMIT
        taken = self._state.market.take(order.side, order.remaining, None, best_only=best_only)
        self._take(order, taken)
        if best_only and taken and order.is_open:
            self._state.restate(order, RestateReason.MARKET_TO_LIMIT, limit=taken[0][0])

    def _take(self, order: WorkingOrder, taken: list[Level]) -> None:
        time_in_force = order.terms.time_in_force
        if time_in_force is TimeInForce.FOK and sum(quantity for _, quantity in taken) < order.remaining:
            self._state.cancel(order, CancelReason.FILL_OR_KILL)
            return
        if taken:
            self._state.fill(order, taken, Liquidity.TAKER)
        if time_in_force in AT_ONCE and order.is_open:
            self._state.cancel(order, CancelReason.IMMEDIATE_OR_CANCEL)
