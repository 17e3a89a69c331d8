"""The installation that most scenarios share."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.support.client import Client
from tests.support.desk import Desk, signed_in
from tests.support.installation import Installation, Process


@pytest.fixture(scope="session")
def shared(shared_installation: Installation) -> Installation:
    """An installation for all tests that do not mind each other."""
    return shared_installation


@pytest.fixture(scope="session")
def web(shared_web: Process) -> Process:
    """Its web process; an engine runs beside it."""
    return shared_web


@pytest.fixture(scope="session")
def token(web: Process) -> str:
    """A session of its administrator: hashing passwords takes longer than most tests."""

    async def sign_in() -> str:
        async with signed_in(web.address) as desk:
            assert desk.client.token is not None
            return desk.client.token

    return asyncio.run(sign_in())


@pytest.fixture
async def admin(web: Process, token: str) -> AsyncIterator[Desk]:
    """Its administrator at a desk."""
    async with Client(web.address, token) as client:
        yield Desk(client)
