"""The gateway against the test server, without a database: a venue, its instruments, and orders for it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from decimal import Decimal
from typing import Any

from adapters.venues.crypto.connection import Credentials, ExchangeConnection
from adapters.venues.crypto.dialects import DIALECTS
from adapters.venues.crypto.exchange_address import ExchangeAddress
from adapters.venues.crypto.venue import ExchangeVenue
from domain.kernel.ids import new_id
from domain.market.market import Catalog
from domain.market.types import Instrument
from domain.orders.model.types import OrderType, Side, TimeInForce
from domain.orders.venues.types import NewOrder, OrderRef, client_id_of
from tests.support.binance.server import API_KEY, SECRET, BinanceServer
from tests.support.market import an_instrument

BTC = "BTCUSDT.BINANCE"
ETH = "ETHER"
IMPATIENT_SECONDS = 1.0


class FixedInstruments:
    """Instruments that change only when a test adds some; a new one is visible at the next ``refresh``."""

    def __init__(self, *instruments: Instrument) -> None:
        self.stored = list(instruments)
        self._catalog = _catalog(self.stored)

    async def catalog(self) -> Catalog:
        return self._catalog

    async def refresh(self) -> Catalog:
        self._catalog = _catalog(self.stored)
        return self._catalog


def _catalog(instruments: list[Instrument]) -> Catalog:
    return Catalog({each.symbol: each for each in instruments}, {each.id: each for each in instruments}, {})


def coin(symbol: str, **terms: Any) -> Instrument:
    """A coin that trades at the test server."""
    plain = {
        "exchange": "BINANCE",
        "currency": "USDT",
        "lot_size": Decimal("0.00001"),
        "min_quantity": Decimal("0.00001"),
    }
    return an_instrument(symbol, **(plain | terms))


def instruments() -> FixedInstruments:
    """Bitcoin under the exchange's own name, ether under ours."""
    return FixedInstruments(coin(BTC), coin(ETH, venue_symbol="ETH/USDT", lot_size=Decimal("0.0001")))


def address(server: BinanceServer) -> ExchangeAddress:
    """The address of the test server. Clients wait as long as in production: the machine may be busy."""
    return ExchangeAddress(dialect=DIALECTS["binance"], endpoint=server.endpoint)


@asynccontextmanager
async def open_venue(server: BinanceServer, known: FixedInstruments | None = None) -> AsyncIterator[ExchangeVenue]:
    """The venue ``binance``, connected."""
    async with ExchangeConnection(address(server), Credentials(API_KEY, SECRET)) as connection:
        yield ExchangeVenue("binance", connection, known or instruments())


@contextmanager
def impatient(venue: ExchangeVenue) -> Iterator[None]:
    """Give calls up soon: for those that the test server never answers."""
    ccxt = venue._connection.ccxt
    usual, ccxt.timeout = ccxt.timeout, round(IMPATIENT_SECONDS * 1_000)
    try:
        yield
    finally:
        ccxt.timeout = usual


def limit(side: str, quantity: str, price: str, **others: Any) -> NewOrder:
    """A limit order for bitcoin, by default GTC."""
    values: dict[str, Any] = {
        "client_order_id": client_id_of(new_id()),
        "symbol": BTC,
        "side": Side(side),
        "type": OrderType.LIMIT,
        "quantity": Decimal(quantity),
        "time_in_force": TimeInForce.GTC,
        "limit_price": Decimal(price),
    }
    return NewOrder(**(values | others))


def ref(order: NewOrder) -> OrderRef:
    """The reference to the order, as the router makes it."""
    return OrderRef(client_order_id=order.client_order_id, symbol=order.symbol)
