"""Triggers of orders at a real venue: the paper exchange's triggers, touches and trails, without fills.

Where the paper exchange would let an order trade, it is released to the venue.
"""

from domain.orders.exchange.book.working import WorkingOrder
from domain.orders.exchange.matching import Matching
from domain.orders.exchange.trailing import TickGrid
from domain.orders.model.types import Contingency, RejectReason
from domain.orders.venues.emulation.emulation_state import EmulationState
from domain.orders.venues.remote_order import remote


class RemoteMatching(Matching):
    """The rules of one instrument at a real venue."""

    __slots__ = ("_remote",)

    def __init__(self, state: EmulationState, grid: TickGrid) -> None:
        super().__init__(state, grid)
        self._remote = state

    def arrive(self, order: WorkingOrder) -> None:
        """Hand the order over, or hold it for the venue."""
        if remote(order).native and order.closes and self._remote.is_covered(order):
            remote(order).native = False
        if remote(order).native:
            self._remote.hand_over(remote(order))
        else:
            super().arrive(order)

    def _arrive_market(self, order: WorkingOrder) -> None:
        self._remote.accept(order)
        self._remote.queues.place(order)
        self._remote.release(remote(order))

    def _arrive_limit(self, order: WorkingOrder) -> None:
        assert order.limit is not None
        if order.terms.post_only:
            message = "an order that waits for its price here takes liquidity when it goes there"
            self._remote.reject(order, RejectReason.UNSUPPORTED_BY_VENUE, message)
            return
        self._remote.accept(order)
        if self._remote.market.crosses(order.side, order.limit):
            self._remote.release(remote(order))
        else:
            self._remote.queues.place(order)

    def _arrive_conditional(self, order: WorkingOrder) -> None:
        """Send an exit at once if the market has passed its price: a position must not stay unprotected."""
        is_exit = order.terms.contingency is Contingency.OUO
        if is_exit and order.stop is not None and self.condition_met(order, order.stop):
            self._remote.accept(order)
            self._trigger(order)
        else:
            super()._arrive_conditional(order)

    def _fill_resting(self, order: WorkingOrder) -> None:
        self._remote.release(remote(order))

    def _take_limit(self, order: WorkingOrder) -> None:
        self._remote.release(remote(order))

    def _take_market(self, order: WorkingOrder) -> None:
        self._remote.release(remote(order))
