"""Fixtures of the foundation's tests: the small API and a real server of it."""

from collections.abc import AsyncIterator

import pytest

from tests.support.api import Desk, Running, running


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def server(desk: Desk) -> AsyncIterator[Running]:
    async with running(desk) as started:
        yield started
