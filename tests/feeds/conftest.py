"""The market of one process on real servers."""

from collections.abc import AsyncIterator

import pytest

from adapters.bus import RedisBus
from adapters.tick_stream import RedisTickStream
from domain.market.market import Market
from tests.support.market import MIDNIGHT


@pytest.fixture
async def bus(redis_url: str) -> AsyncIterator[RedisBus]:
    """A bus of the test's own."""
    async with RedisBus(redis_url) as opened:
        yield opened


@pytest.fixture
async def ticks(redis_url: str) -> AsyncIterator[RedisTickStream]:
    """The tick stream, empty."""
    async with RedisTickStream(redis_url) as opened:
        yield opened


@pytest.fixture
async def market(database: str, ticks: RedisTickStream) -> AsyncIterator[Market]:
    """A market that follows the stream, without instruments."""
    async with Market(ticks, MIDNIGHT) as opened:
        yield opened
