"""A server that speaks an exchange's dialect, and the gateway connected to it."""

from collections.abc import AsyncIterator

import pytest

from adapters.venues.crypto.venue import ExchangeVenue
from tests.support.binance import BinanceServer
from tests.support.binance.venue import open_venue


@pytest.fixture
async def server() -> AsyncIterator[BinanceServer]:
    async with BinanceServer() as running:
        running.quote("BTCUSDT", "99.99", "100.01", "2")
        running.quote("ETHUSDT", "9.99", "10.01", "100")
        yield running


@pytest.fixture
async def venue(server: BinanceServer) -> AsyncIterator[ExchangeVenue]:
    async with open_venue(server) as opened:
        yield opened
