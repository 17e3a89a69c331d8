"""A platform whose services tests of the system area look at."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.wiring import ProcessServices
from tests.support.trading import Platform, platform


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(database_url, redis_url, tmp_path, venue=False) as whole:
        yield whole


@pytest.fixture
def desk_services(desk: Platform) -> ProcessServices:
    return desk.services
