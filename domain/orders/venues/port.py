"""The port to a real venue: the interface that an adapter implements, and the guarantees that the router relies on.

An adapter is a translation. It keeps no durable state: no queue that survives, no retry of a request, no memory of
orders. It keeps the venue's rate limits by waiting. It never guesses: a request with an unknown fate is ``Unanswered``,
and a question without an answer raises ``VenueUnavailable``; an empty list or None always means that the venue has said
so.
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
    VenueNews,
    VenueOrder,
    VenuePosition,
)


class VenueUnavailable(Exception):
    """The venue could not be asked, or its answer not be understood: nothing new is known."""


class Venue(Protocol):
    """One account at one venue, reached with one set of credentials. All methods may be called at the same time.

    Requests (submit, cancel, replace) never raise: their outcome is in their answer. The router sends at most one
    request about an order at a time, and stores it as sent before. Questions raise ``VenueUnavailable``.
    """

    @property
    def name(self) -> str:
        """The configured name, which accounts and orders carry."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """The functions that the venue has itself."""
        ...

    async def submit(self, orders: Sequence[NewOrder]) -> Sequence[Answer]:
        """Ask the venue to take orders, at most ``batch_size``; an answer for each, in their order.

        A native group comes in one call. Every order is one that the capabilities allow.
        """
        ...

    async def cancel(self, order: OrderRef) -> Answer:
        """Ask the venue to cancel. ``Declined``: the order has ended there, or is unknown.

        ``Acknowledged`` only says that it will try: the end comes in a report, or in the answer's ``order``.
        """
        ...

    async def replace(self, order: OrderRef, terms: ReplaceTerms) -> Answer:
        """Ask the venue to change a working order, which keeps its ``client_order_id``.

        ``Acknowledged`` says that the change is made, and gives the venue's new id if that changed. Where the venue
        sets other terms than requested, the answer's ``order`` has them. Only called where the capabilities have
        ``replace``.
        """
        ...

    def reports(self) -> AbstractAsyncContextManager[AsyncIterator[Sequence[VenueNews]]]:
        """Reports about our orders, in batches, from the moment the context is entered.

        A correction of a fill is told here alone, again after each connection until it can be taken as booked; lists of
        fills have every fill as it was first reported.

        They may repeat and be out of order. Terms that the venue gives an order unasked are reported as well. While the
        iteration runs, no report is missed. When that cannot be guaranteed any more, it raises ``VenueUnavailable`` or
        ends: the router enters again, with back-off, and then reconciles everything. Entering raises
        ``VenueUnavailable`` when there is no connection.
        """
        ...

    async def open_orders(self) -> Sequence[VenueOrder]:
        """All working orders of the account there, ours or not."""
        ...

    async def order(self, order: OrderRef) -> VenueOrder | None:
        """An order by its client id, open or ended; None when the venue says that it has no such order."""
        ...

    async def executions(self, since: Nanos) -> Sequence[VenueExecution]:
        """All fills of the account from ``since`` on, ours or not, oldest first."""
        ...

    async def positions(self) -> Sequence[VenuePosition]:
        """The account's positions; a symbol that is not listed is flat.

        Only called with the capability ``positions``.
        """
        ...
