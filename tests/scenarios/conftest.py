"""Installations for the scenarios: most share one whose processes nobody kills."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import redis

from adapters.embedded import EmbeddedServices
from tests.support.client import Client
from tests.support.databases import DatabaseFactory
from tests.support.desk import Desk, signed_in
from tests.support.installation import Installation, Process, installation


@pytest.fixture(scope="module")
def shared(
    services: EmbeddedServices, databases: DatabaseFactory, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """An installation for all tests of a module."""
    with redis.Redis.from_url(services.redis_url) as client:
        client.flushall()
    folder = tmp_path_factory.mktemp("installation")
    with databases.migrated() as url, installation(url, services.redis_url, folder) as whole:
        yield whole


@pytest.fixture(scope="module")
def web(shared: Installation) -> Process:
    """Its web process; an engine runs beside it."""
    process = shared.web()
    shared.start(process, shared.engine())
    return process


@pytest.fixture(scope="module")
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
