"""The trading of orders of a real venue: an order that may trade is released to the venue.

Until then it waits in the trigger book, by the triggers, touches and trails of the paper exchange.
"""

from domain.orders.exchange.book.working import WorkingOrder
from domain.orders.model import refusals
from domain.orders.model.types import Contingency
from domain.orders.venues.emulation.venue_custody import VenueCustody


class VenueTrading:
    """Trading at a real venue."""

    __slots__ = ("_custody",)

    def __init__(self, custody: VenueCustody) -> None:
        self._custody = custody

    def takes(self, order: WorkingOrder) -> bool:
        """Hand over an order that the venue supports; an exit that others cover waits here."""
        there = self._custody.remote(order)
        if there.native and order.closes and self._custody.is_covered(order):
            there.native = False
        if there.native:
            self._custody.hand_over(there)
        return there.native

    def triggers_on_arrival(self, order: WorkingOrder) -> bool:
        """An exit whose price the market has passed gets out at once: it must not leave a position alone."""
        return order.terms.contingency is Contingency.OUO

    def arrive_market(self, order: WorkingOrder) -> None:
        """Let it go."""
        book = self._custody.book
        book.accept(order)
        book.queues.place(order)
        self._custody.release(self._custody.remote(order))

    def arrive_limit(self, order: WorkingOrder) -> None:
        """Let it go when the market reaches its limit."""
        assert order.limit is not None
        book = self._custody.book
        if order.terms.post_only:
            book.reject(order, *refusals.post_only_held_here())
            return
        book.accept(order)
        if book.market.crosses(order.side, order.limit):
            self._custody.release(self._custody.remote(order))
        else:
            book.queues.place(order)

    def fill_resting(self, order: WorkingOrder) -> None:
        """Let it go."""
        self._custody.release(self._custody.remote(order))

    def take_limit(self, order: WorkingOrder) -> None:
        """Let it go."""
        self._custody.release(self._custody.remote(order))

    def take_market(self, order: WorkingOrder) -> None:
        """Let it go."""
        self._custody.release(self._custody.remote(order))
