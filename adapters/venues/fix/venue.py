"""A counterparty as a venue of ours: ``domain.orders.venues.port.Venue`` over a FIX session."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from decimal import Decimal

import structlog

from adapters.fix import code_sets
from adapters.fix.message import Malformed, Message
from adapters.fix.tags import MsgType, Tag
from adapters.venues.fix import translation
from adapters.venues.fix.counterparty_session import CounterpartySession, Unsent
from adapters.venues.fix.kept_reports import kept_corrections, kept_reports, newest_name
from adapters.venues.fix.translation import KnownOrder, order_of, request_id
from domain.kernel.bounded_cache import WeightedLru
from domain.kernel.errors import DomainError
from domain.kernel.time import NANOS_PER_SECOND, Nanos, utc_now
from domain.orders import queries as order_queries
from domain.orders.model.types import OrderType, Side, TimeInForce
from domain.orders.venues.port import VenueUnavailable
from domain.orders.venues.types import (
    Acknowledged,
    Answer,
    Capabilities,
    NewOrder,
    OrderRef,
    ReplaceTerms,
    Unanswered,
    VenueExecution,
    VenueNews,
    VenueOrder,
    VenuePosition,
    order_id_of,
)

_REFUSALS = frozenset({MsgType.REJECT, MsgType.BUSINESS_MESSAGE_REJECT, MsgType.ORDER_CANCEL_REJECT})
_MAX_KNOWN = 10_000
# Corrections are told again so long after they came.
_CORRECTIONS_NANOS = 30 * 86_400 * NANOS_PER_SECOND
_log = structlog.stdlib.get_logger("venue")


class FixVenue:
    """One account at a counterparty, over a session that the caller opens and closes."""

    def __init__(self, session: CounterpartySession) -> None:
        self._session = session
        self._terms = session.terms
        self._known: WeightedLru[str, KnownOrder] = WeightedLru(max_entries=_MAX_KNOWN, max_weight=_MAX_KNOWN)
        self._last = 0

    @property
    def name(self) -> str:
        """The configured name."""
        return self._session.name

    @property
    def capabilities(self) -> Capabilities:
        """The functions of the counterparty itself."""
        return self._terms.capabilities

    # -------------------------------------------------------------- requests

    async def submit(self, orders: Sequence[NewOrder]) -> Sequence[Answer]:
        """Send new orders, one behind the other, and wait for all answers."""
        return await asyncio.gather(*(self._submit(order) for order in orders))

    async def _submit(self, order: NewOrder) -> Answer:
        name = order.client_order_id
        known = KnownOrder(order.side, order.type, order.time_in_force, order.quantity, name)
        self._known.put(name, known, 1)
        body = translation.new_order(order, self._terms, utc_now())
        return await self._request(MsgType.NEW_ORDER_SINGLE, body, name, "A")

    async def cancel(self, order: OrderRef) -> Answer:
        """Ask it to cancel an order."""
        request = self._next_id(order.client_order_id)
        try:
            known = await self._find(order)
        except (VenueUnavailable, DomainError) as error:
            return Unanswered(message=str(error))
        body = translation.cancel_request(order, known, request, self._terms, utc_now())
        return await self._request(MsgType.ORDER_CANCEL_REQUEST, body, request, "AE6")

    async def replace(self, order: OrderRef, terms: ReplaceTerms) -> Answer:
        """Ask it to change an order."""
        request = self._next_id(order.client_order_id)
        try:
            known = await self._find(order)
        except (VenueUnavailable, DomainError) as error:
            return Unanswered(message=str(error))
        body = translation.replace_request(order, known, request, terms, self._terms, utc_now())
        return await self._request(MsgType.ORDER_CANCEL_REPLACE_REQUEST, body, request, "AE6")

    async def _request(self, kind: MsgType, body: tuple[tuple[int, str], ...], name: str, undecided: str) -> Answer:
        """Send a request and wait for its answer; reports of ``undecided`` types say nothing yet."""

        def answers(message: Message) -> bool:
            return message.get(Tag.CL_ORD_ID) == name and (message.get(Tag.EXEC_TYPE) or "-") not in undecided

        try:
            message = (await self._session.ask(kind, body, answers, lambda _: True))[-1]
            if message.type in _REFUSALS or message.get(Tag.EXEC_TYPE) == "8":
                return translation.declined(message)
            seen = translation.venue_order(message, self._terms)
        except Unsent as error:
            return Unanswered(message=str(error))
        except Malformed as fault:
            _log.error("a counterparty's answer cannot be read", venue=self.name, problem=fault.text)
            return Unanswered(message=fault.text)
        return Acknowledged(venue_order_id=message.get(Tag.ORDER_ID), order=seen)

    # -------------------------------------------------------------- questions

    def reports(self) -> AbstractAsyncContextManager[AsyncIterator[Sequence[VenueNews]]]:
        """Reports of the counterparty."""
        return self._reports()

    @asynccontextmanager
    async def _reports(self) -> AsyncIterator[AsyncIterator[Sequence[VenueNews]]]:
        async with self._session.listening() as batches:

            async def reports() -> AsyncIterator[Sequence[VenueNews]]:
                # Whoever died with them may not have booked them.
                since = Nanos(Nanos.now() - _CORRECTIONS_NANOS)
                for message in await kept_corrections(self._session.session_id, since):
                    yield self._read(message)
                async for batch in batches:
                    yield [report for message in batch for report in self._read(message)]

            yield reports()

    def _read(self, message: Message) -> list[VenueNews]:
        kind = message.get(Tag.EXEC_TYPE)
        if kind in (code_sets.STATUS, "8"):
            # Answers to questions and refusals reach who asked.
            return []
        try:
            if kind in translation.CORRECTIONS:
                return [translation.venue_correction(message)]
            seen = translation.venue_order(message, self._terms)
            fills = [translation.venue_execution(message, self._terms)] if kind == code_sets.TRADE else []
        except Malformed as fault:
            _log.error("a counterparty's report cannot be read", venue=self.name, problem=fault.text)
            return []
        return [*fills, *([seen] if seen is not None else [])]

    async def open_orders(self) -> Sequence[VenueOrder]:
        """All orders that work there."""
        if not self._terms.mass_status:
            raise VenueUnavailable("This counterparty does not list orders.")
        request = self._next_id("Q")

        def answers(message: Message) -> bool:
            return message.get(Tag.MASS_STATUS_REQ_ID) == request

        def is_last(message: Message) -> bool:
            return message.get(Tag.LAST_RPT_REQUESTED) == "Y" or message.get(Tag.TOT_NUM_REPORTS) == "0"

        body = translation.mass_status_request(request)
        messages = await self._ask(MsgType.ORDER_MASS_STATUS_REQUEST, body, answers, is_last)
        found = [self._seen(message) for message in messages if message.get(Tag.TOT_NUM_REPORTS) != "0"]
        return [order for order in found if order is not None and order.is_open]

    async def order(self, order: OrderRef) -> VenueOrder | None:
        """An order by its client id."""
        request = self._next_id("S")
        body = translation.status_request(order, await self._find(order), request, self._terms)

        def answers(message: Message) -> bool:
            if (
                message.get(Tag.EXEC_TYPE) != code_sets.STATUS
                and message.get(Tag.ORD_REJ_REASON) != code_sets.UNKNOWN_ORDER
            ):
                return False
            return message.get(Tag.ORD_STATUS_REQ_ID) in (request, None) and order_of(message) == order.client_order_id

        message = (await self._ask(MsgType.ORDER_STATUS_REQUEST, body, answers, lambda _: True))[-1]
        if message.get(Tag.ORD_REJ_REASON) == code_sets.UNKNOWN_ORDER:
            return None
        return self._seen(message)

    async def executions(self, since: Nanos) -> Sequence[VenueExecution]:
        """All fills since a time, oldest first: the session brings every one, and is proved to have brought them."""
        try:
            await self._session.prove_in_step()
        except Unsent as error:
            raise VenueUnavailable(str(error)) from error
        found = translation.fills(await kept_reports(self._session.session_id, since))
        return [translation.venue_execution(message, self._terms) for message in found]

    async def positions(self) -> Sequence[VenuePosition]:
        """Not supported: order entry by FIX reports no positions.

        Raises:
            VenueUnavailable: always.
        """
        raise VenueUnavailable("Order entry by FIX reports no positions.")

    async def _ask(
        self, kind: MsgType, body: tuple[tuple[int, str], ...], answers: object, last: object
    ) -> list[Message]:
        try:
            messages = await self._session.ask(kind, body, answers, last)  # type: ignore[arg-type]  # two predicates
        except Unsent as error:
            raise VenueUnavailable(str(error)) from error
        if messages[-1].type != MsgType.EXECUTION_REPORT:
            raise VenueUnavailable(messages[-1].get(Tag.TEXT) or "The counterparty refuses the question.")
        return messages

    def _seen(self, message: Message) -> VenueOrder | None:
        try:
            return translation.venue_order(message, self._terms)
        except Malformed as fault:
            raise VenueUnavailable(f"The answer cannot be read: {fault.text}") from fault

    # -------------------------------------------------------------- inside

    async def _find(self, order: OrderRef) -> KnownOrder:
        """The terms that messages about an order repeat: from its submission, or from our own books."""
        await self._session.wait_until_ready()
        name = await newest_name(self._session.session_id, order.client_order_id)
        known = self._known.get(order.client_order_id)
        if known is None:
            order_id = order_id_of(order.client_order_id)
            assert order_id is not None
            ours = (await order_queries.read_orders([order_id])).get(order_id)
            if ours is None:
                known = KnownOrder(Side.BUY, OrderType.LIMIT, TimeInForce.GTC, Decimal(1), name)
            else:
                known = KnownOrder(ours.side, ours.type, ours.time_in_force, ours.quantity, name)
        return KnownOrder(known.side, known.type, known.time_in_force, known.quantity, name)

    def _next_id(self, head: str) -> str:
        # Above all of earlier processes: a clock's nanoseconds, and never the same twice.
        self._last = max(self._last + 1, int(Nanos.now()))
        return request_id(head, self._last)
