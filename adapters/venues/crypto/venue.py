"""An exchange as a venue of ours: ``domain.orders.venues.port.Venue`` over ccxt. It has no state that matters."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

import structlog

from adapters.venues.crypto.client_ids import Identities
from adapters.venues.crypto.connection import ExchangeConnection
from adapters.venues.crypto.exact_numbers import exact
from adapters.venues.crypto.failures import ExchangeFailure, Fate
from adapters.venues.crypto.report_stream import reports_of
from adapters.venues.crypto.symbols import Instruments, Symbols, Terms
from adapters.venues.crypto.trade_history import trades_since
from adapters.venues.crypto.translation import submission, venue_execution, venue_order
from domain.kernel.numbers import plain
from domain.kernel.time import Nanos
from domain.orders.model.types import RejectReason
from domain.orders.venues.port import VenueUnavailable
from domain.orders.venues.types import (
    Acknowledged,
    Answer,
    Capabilities,
    Declined,
    NewOrder,
    OrderRef,
    ReplaceTerms,
    Unanswered,
    VenueExecution,
    VenueOrder,
    VenuePosition,
    VenueReport,
)

_NOT_AN_INSTRUMENT = "{} is not a symbol of this exchange."
Asked = TypeVar("Asked")
_log = structlog.stdlib.get_logger("venue")


class ExchangeVenue:
    """One account at an exchange, over a connection that the caller opens and closes."""

    def __init__(self, name: str, connection: ExchangeConnection, market: Instruments) -> None:
        self._name = name
        self._connection = connection
        self._symbols = Symbols(connection, market)
        self._identities = Identities(connection)

    @property
    def name(self) -> str:
        """The configured name."""
        return self._name

    @property
    def capabilities(self) -> Capabilities:
        """The functions of the exchange itself."""
        return self._connection.dialect.capabilities

    # -------------------------------------------------------------- requests

    async def submit(self, orders: Sequence[NewOrder]) -> Sequence[Answer]:
        """Ask it to take orders, one after the other."""
        return [await self._answer(self._submit(order)) for order in orders]

    async def _submit(self, order: NewOrder) -> Answer:
        terms = await self._terms(order.symbol)
        self._check_grid(order, terms)
        asked = submission(order)
        raw = await self._connection.call(
            "create_order", terms["symbol"], asked.type, asked.side, asked.amount, asked.price, asked.params
        )
        return self._acknowledged(raw, order.client_order_id)

    def _check_grid(self, order: NewOrder, terms: Terms) -> None:
        """Refuse values that ccxt would silently cut to the exchange's grid."""
        ccxt, name = self._connection.ccxt, terms["symbol"]
        step = exact(terms["precision"]["amount"])
        if order.quantity < step or exact(ccxt.amount_to_precision(name, plain(order.quantity))) != order.quantity:
            raise self._connection.refused(RejectReason.INVALID_LOT, f"The exchange takes multiples of {plain(step)}.")
        price = order.limit_price
        if price is not None and exact(ccxt.price_to_precision(name, plain(price))) != price:
            tick = plain(exact(terms["precision"]["price"]))
            raise self._connection.refused(RejectReason.INVALID_TICK, f"The exchange takes prices in steps of {tick}.")

    async def cancel(self, order: OrderRef) -> Answer:
        """Ask it to cancel an order."""
        return await self._answer(self._cancel(order))

    async def _cancel(self, order: OrderRef) -> Answer:
        terms = await self._terms(order.symbol)
        params = {"clientOrderId": order.client_order_id}
        raw = await self._connection.call("cancel_order", "", terms["symbol"], params)
        # The cancel has an id of its own there, and the answer gives that one.
        return self._acknowledged(raw, order.client_order_id)

    async def replace(self, order: OrderRef, terms: ReplaceTerms) -> Answer:  # noqa: ARG002  it is not done at all
        """Refused: none of these exchanges changes an order and keeps its id."""
        return Declined(reason=RejectReason.UNSUPPORTED_BY_VENUE, message="The exchange changes no orders.")

    def _acknowledged(self, raw: Any, client_order_id: str) -> Acknowledged:
        self._identities.answered(raw, client_order_id)
        order = venue_order(raw, self._symbols.ours, client_order_id)
        return Acknowledged(venue_order_id=order.venue_order_id, order=order)

    async def _answer(self, request: Awaitable[Answer]) -> Answer:
        try:
            return await request
        except ExchangeFailure as failure:
            if failure.fate is not Fate.UNKNOWN:
                return Declined(reason=failure.reason, message=failure.message)
            message = failure.message
        except Exception as error:  # noqa: BLE001  an answer that cannot be read is none; the order may be there
            message = self._connection.failure(error).message
            _log.error("an exchange's answer could not be read", venue=self._name, problem=type(error).__name__)
        return Unanswered(message=message)

    # -------------------------------------------------------------- questions

    def reports(self) -> AbstractAsyncContextManager[AsyncIterator[Sequence[VenueReport]]]:
        """Reports of the account's orders."""
        return reports_of(self._connection, self._symbols, self._identities)

    async def open_orders(self) -> Sequence[VenueOrder]:
        """All orders that work there."""
        return await self._ask(self._open_orders)

    async def _open_orders(self) -> Sequence[VenueOrder]:
        await self._connection.renew()
        await self._symbols.refresh()
        found = await self._connection.call("fetch_open_orders")
        for raw in found:
            self._identities.learn(raw)
        return [venue_order(raw, self._symbols.ours) for raw in found]

    async def order(self, order: OrderRef) -> VenueOrder | None:
        """An order by its client id."""
        return await self._ask(lambda: self._order(order))

    async def _order(self, order: OrderRef) -> VenueOrder | None:
        terms = await self._terms(order.symbol)
        params = {"clientOrderId": order.client_order_id}
        try:
            raw = await self._connection.call("fetch_order", "", terms["symbol"], params)
        except ExchangeFailure as failure:
            if failure.fate is not Fate.NOT_THERE:
                raise
            return None
        self._identities.learn(raw, order.client_order_id)
        return venue_order(raw, self._symbols.ours, order.client_order_id)

    async def executions(self, since: Nanos) -> Sequence[VenueExecution]:
        """All fills of the account since a time, of the symbols that are instruments of ours, oldest first."""
        return await self._ask(lambda: self._executions(since))

    async def _executions(self, since: Nanos) -> Sequence[VenueExecution]:
        await self._symbols.refresh()
        found = [
            venue_execution(raw, self._symbols.ours, await self._identities.of_trade(raw))
            for terms in self._symbols.all.values()
            for raw in await trades_since(self._connection, terms["symbol"], since)
        ]
        return sorted(found, key=lambda execution: execution.at)

    async def positions(self) -> Sequence[VenuePosition]:
        """Never asked: a spot account holds currencies.

        Raises:
            VenueUnavailable: always.
        """
        raise VenueUnavailable("A spot account holds currencies, not positions.")

    async def _ask(self, question: Callable[[], Awaitable[Asked]]) -> Asked:
        with self._connection.asking():
            return await question()

    # -------------------------------------------------------------- inside

    async def _terms(self, symbol: str) -> Terms:
        terms = await self._symbols.find(symbol)
        if terms is None:
            message = _NOT_AN_INSTRUMENT.format(symbol)
            raise self._connection.refused(RejectReason.INSTRUMENT_NOT_TRADABLE, message)
        return terms
