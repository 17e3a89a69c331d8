"""A venue's key is in the environment and in requests to the venue: not in logs, rows, errors or answers."""

import io
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog

from adapters.logs.configuration import configure_logging
from adapters.settings.values import LogSetting
from domain.kernel.database import fetch
from domain.orders.model.types import OrderStatus
from domain.orders.venues.port import VenueUnavailable
from tests.support.binance import BinanceServer, Fault
from tests.support.binance.server import API_KEY, SECRET
from tests.support.binance.trading import ExchangeDesk, exchange_desk, routing

# What signs a request is of no use later, and does not belong in a log either.
FORBIDDEN = (API_KEY, SECRET, "signature=")


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that is logged, down to the least: masked by what it looks like alone, for the values are not told."""
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logging(LogSetting("debug", "json"), stream)
    try:
        yield stream
    finally:
        structlog.reset_defaults()
        logging.captureWarnings(False)
        root.handlers[:] = handlers
        root.setLevel(level)


@pytest.fixture
async def desk(
    log: io.StringIO, server: BinanceServer, database_url: str, redis_url: str, tmp_path: Path
) -> AsyncIterator[ExchangeDesk]:
    async with exchange_desk(server, database_url, redis_url, tmp_path) as opened:
        yield opened


async def test_a_venue_key_appears_in_no_log_row_error_or_answer(
    desk: ExchangeDesk, server: BinanceServer, log: io.StringIO
) -> None:
    refused = []
    async with routing(desk, reconcile_seconds=0.5):
        for fault in (Fault.ECHOED, Fault.UNAVAILABLE_TAKEN, Fault.DROPPED_TAKEN, Fault.GARBLED_TAKEN):
            server.fault("POST", "order", fault)
            order = await desk.buy("0.1", "90")
            over = await desk.when(order, lambda order: order.status is not OrderStatus.PENDING_NEW)
            refused += [over.reject_message] if over.reject_message else []
            server.fault("DELETE", "order", fault)
            if over.is_open:
                await desk.cancel(order)
                await desk.when(order, lambda order: not order.is_open or order.pending_action is None)
            server.faults.clear()
            server.drop_sockets()
    assert any(message.startswith("Refused: *** ***") for message in refused)
    written = log.getvalue()
    assert "connected to venue" in written
    assert [line for line in written.splitlines() if any(part in line for part in FORBIDDEN)] == []
    tables = await fetch("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")
    for table in tables:
        rows = await fetch(f'SELECT t::text AS row FROM "{table["name"]}" AS t')
        assert [row["row"] for row in rows if any(part in row["row"] for part in FORBIDDEN)] == []


async def test_errors_and_representations_contain_no_key(desk: ExchangeDesk, server: BinanceServer) -> None:
    settings = desk.services.settings
    shown = [repr(settings), str(settings), repr(settings.venues), repr(desk.services.gateways), repr(desk.services)]
    async with desk.services.gateways["binance"].open(desk.services.market) as venue:
        shown += [repr(venue), repr(vars(venue))]
        for fault in (Fault.UNAVAILABLE, Fault.HANG, Fault.ECHOED, Fault.GARBLED_TAKEN, Fault.DROPPED):
            server.fault("GET", "openOrders", fault)
            # A dropped question may be asked once more by whoever keeps the connection.
            try:
                await venue.open_orders()
            except VenueUnavailable as error:
                shown += [str(error), repr(error), repr(error.__cause__)]
    assert not [text for text in shown if any(part in text for part in FORBIDDEN)]
