"""Installations for the scenarios: one that most share, and ones whose processes may be killed."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from adapters.embedded import EmbeddedServices
from tests.support.client import Client
from tests.support.databases import DatabaseFactory
from tests.support.desk import Desk, signed_in
from tests.support.installation import Installation, Process, installation


@pytest.fixture(scope="session")
def shared(
    services: EmbeddedServices, databases: DatabaseFactory, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """An installation for all tests that do not mind each other. It outlives what others do to the servers."""
    folder = tmp_path_factory.mktemp("installation")
    # Beside the market data of installations that come and go meanwhile.
    valkey = f"{services.redis_url.rpartition('/')[0]}/1"
    with databases.migrated() as url, installation(url, valkey, folder) as whole:
        yield whole


@pytest.fixture(scope="session")
def web(shared: Installation) -> Process:
    """Its web process; an engine runs beside it."""
    process = shared.web()
    shared.start(process, shared.engine())
    return process


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


@pytest.fixture
def fresh(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[Installation]:
    """An installation of the test's own, none of whose processes runs yet."""
    with installation(database_url, redis_url, tmp_path / "data") as whole:
        yield whole
