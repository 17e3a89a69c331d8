"""The gateway to exchanges, standing before the test server: for the tests that every adapter must pass."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest

from adapters.venues.crypto import report_polling
from adapters.venues.crypto.venue import ExchangeVenue
from tests.support.binance.faults import Fault
from tests.support.binance.server import BinanceServer
from tests.support.binance.venue import BTC, open_venue


class BinanceStand:
    """An exchange whose working orders are filled by the quotes that reach them."""

    def __init__(self, server: BinanceServer, venue: ExchangeVenue) -> None:
        self.venue = venue
        self.symbol = BTC
        self._server = server

    async def quote(self, bid: str, ask: str, size: str = "1000") -> None:
        self._server.quote("BTCUSDT", bid, ask, size)
        for order in self._server.orders:
            reached = Decimal(ask) <= order.price if order.side == "BUY" else Decimal(bid) >= order.price
            if order.is_open and reached:
                self._server.fill(order, str(order.remaining), str(order.price))

    async def restate(self, client_order_id: str, quantity: str) -> None:
        (order,) = [row for row in self._server.orders if row.client_id == client_order_id]
        self._server.amend(order, quantity)

    async def lose_next_answer(self) -> None:
        self._server.faults.add_to_next(Fault.DROPPED_TAKEN)

    async def lose_next_request(self) -> None:
        self._server.faults.add_to_next(Fault.DROPPED)

    async def be_unreachable(self) -> None:
        await self._server.stop()

    async def hang_up(self) -> None:
        self._server.drop_sockets()


class SilentBinanceStand(BinanceStand):
    """The same exchange without streams: the platform must poll."""

    async def hang_up(self) -> None:
        self._server.fault("GET", "openOrders", Fault.UNAVAILABLE)


@asynccontextmanager
async def binance() -> AsyncIterator[BinanceStand]:
    """The gateway ``ccxt``, at a test server with Binance's API."""
    async with BinanceServer() as server, open_venue(server) as venue:
        yield BinanceStand(server, venue)


@asynccontextmanager
async def silent_binance() -> AsyncIterator[SilentBinanceStand]:
    """The gateway at an exchange that takes no WebSocket connections."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report_polling, "POLL_SECONDS", 0.01)
        async with BinanceServer() as server, open_venue(server) as venue:
            server.faults.refusing_sockets = True
            yield SilentBinanceStand(server, venue)
