"""The port to a real venue: what an adapter implements, and what the router relies on.

An adapter is a translation. It keeps no state that matters: no queue of its own that survives, no retry of a request,
no memory of orders. It keeps the venue's rate limits by waiting. What it does not know it does not claim: a request
whose fate is unclear is ``Unanswered``, and a question that got no answer raises ``VenueUnavailable``; an empty list or
None always means that the venue has said so.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from domain.kernel.time import Nanos
from domain.orders.venues.types import (
    Answer,
    Capabilities,
    NewOrder,
    OrderRef,
    ReplaceTerms,
    VenueExecution,
    VenueOrder,
    VenuePosition,
    VenueReport,
)


class VenueUnavailable(Exception):
    """The venue could not be asked, or its answer not be understood: nothing is known that was not known before."""


class Venue(Protocol):
    """One account at one venue, reached with one set of credentials. All methods may be called at the same time.

    Requests (submit, cancel, replace) never raise: what became of them is in their answer. The router sends at most one
    request about an order at a time, and marks it as sent before. Questions raise ``VenueUnavailable``.
    """

    @property
    def name(self) -> str:
        """The name that it is configured under, which accounts and orders carry."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What it does by itself."""
        ...

    async def submit(self, orders: Sequence[NewOrder]) -> Sequence[Answer]:
        """Ask it to take orders, at most ``batch_size``; an answer for each, in their order.

        A native group comes in one call. Every order is one that the capabilities allow.
        """
        ...

    async def cancel(self, order: OrderRef) -> Answer:
        """Ask it to cancel. ``Declined``: the order is over there, or unknown.

        ``Acknowledged`` only says that it will try: the end is told by a report, or by the answer's ``order``.
        """
        ...

    async def replace(self, order: OrderRef, terms: ReplaceTerms) -> Answer:
        """Ask it to change an order that works, keeping its ``client_order_id``.

        ``Acknowledged`` says that the change is made, and gives the venue's new id if that changed. Where the venue
        answers with other terms than were asked for, the answer's ``order`` has them. Only called where the
        capabilities have ``replace``.
        """
        ...

    def reports(self) -> AbstractAsyncContextManager[AsyncIterator[Sequence[VenueReport]]]:
        """What happens to our orders, in batches, from the moment the context is entered.

        It may repeat itself and be out of order. Terms that the venue gives an order unasked are told as well. While it
        goes on, nothing is missed. When that cannot be said any more, the iteration raises ``VenueUnavailable`` or
        ends: the router enters again, with back-off, and then compares everything. Entering raises ``VenueUnavailable``
        when there is no connection to be had.
        """
        ...

    async def open_orders(self) -> Sequence[VenueOrder]:
        """All orders of the account that work there, ours or not."""
        ...

    async def order(self, order: OrderRef) -> VenueOrder | None:
        """An order by its client id, open or over; None when the venue says that it has no such order."""
        ...

    async def executions(self, since: Nanos) -> Sequence[VenueExecution]:
        """All fills of the account from ``since`` on, ours or not, oldest first."""
        ...

    async def positions(self) -> Sequence[VenuePosition]:
        """What the account holds; a symbol that is not named is flat. Only called with the capability ``positions``."""
        ...
