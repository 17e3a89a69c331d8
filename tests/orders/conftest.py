"""A platform with a coin and a perpetual that quote around 100, with and without the venue's router."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from domain.kernel.ids import new_id
from tests.orders.factories import PERPETUAL, SPOT
from tests.support.trading import Platform, platform, running_venue


@pytest.fixture
async def quiet_desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    """A platform whose venue runs only when a test starts it."""
    async with platform(database_url, redis_url, tmp_path, venue=False) as whole:
        await whole.add_instrument(replace(SPOT, id=new_id()))
        await whole.add_instrument(replace(PERPETUAL, id=new_id()))
        await whole.quote("COIN", "99.99", "100.01")
        await whole.quote("COIN-PERP", "99.99", "100.01")
        yield whole


@pytest.fixture
async def live_desk(quiet_desk: Platform) -> AsyncIterator[Platform]:
    """With the venue's router beside it."""
    async with running_venue(quiet_desk):
        yield quiet_desk
