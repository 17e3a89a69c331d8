"""Instruments, ticks and an open market for tests of every area."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from adapters.redis.bus import RedisBus
from adapters.redis.tick_stream import RedisTickStream
from domain.kernel.day_roll import DayRoll
from domain.kernel.ids import new_id
from domain.kernel.time import Nanos
from domain.market.market import Market
from domain.market.types import AssetClass, Instrument, QuoteTick, TradeTick

MIDNIGHT = DayRoll(time(0), ZoneInfo("UTC"))
_RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "data" / "market"


def recording(name: str) -> Path:
    """A file of recorded market data; the test is skipped where there is none."""
    path = _RECORDINGS / name
    if not path.exists():
        pytest.skip(f"no recorded market data at {path}")
    return path


def an_instrument(symbol: str = "TEST", **terms: Any) -> Instrument:
    """A plain instrument that trades around the clock, with ``terms`` of its own."""
    plain = Instrument(
        id=new_id(),
        symbol=symbol,
        name=symbol,
        exchange="LAB",
        asset_class=AssetClass.CRYPTO,
        currency="USD",
        tick_size=Decimal("0.01"),
        lot_size=Decimal(1),
        min_quantity=Decimal(1),
    )
    return replace(plain, **terms)


def nanos(text: str) -> Nanos:
    """A time as RFC 3339 spells it."""
    return Nanos.parse(text)


def moment(text: str) -> datetime:
    """A time in RFC 3339 as a datetime in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


def quote(symbol: str, at: int, bid: Any = None, ask: Any = None, **others: Any) -> QuoteTick:
    """A quote; numbers may be given as text."""
    numbers = {name: Decimal(value) for name, value in {"bid": bid, "ask": ask, **others}.items() if value is not None}
    return QuoteTick(symbol, Nanos(at), **numbers)


def trade(symbol: str, at: int, price: Any, size: Any = 1) -> TradeTick:
    """A trade; numbers may be given as text."""
    return TradeTick(symbol, Nanos(at), Decimal(price), Decimal(size))


@pytest.fixture(name="bus")
async def open_bus(redis_url: str) -> AsyncIterator[RedisBus]:
    """A bus for one test."""
    async with RedisBus(redis_url) as opened:
        yield opened


@pytest.fixture(name="ticks")
async def open_ticks(redis_url: str) -> AsyncIterator[RedisTickStream]:
    """The tick stream, empty."""
    async with RedisTickStream(redis_url) as opened:
        yield opened


@pytest.fixture(name="market")
async def open_market(database: str, ticks: RedisTickStream) -> AsyncIterator[Market]:
    """A market that follows the stream, without instruments."""
    async with Market(ticks, MIDNIGHT) as opened:
        yield opened
