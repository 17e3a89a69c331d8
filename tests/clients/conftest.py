"""A platform that runs for the tests of clients, with a key to it, and a market of the test's own."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import count

import pytest

from tests.support.client import Client as Caller
from tests.support.desk import Desk, signed_in
from tests.support.installation import Process
from tradegraph_client import ApiKey, Client, RetryPolicy

_KEY = 'mutation { createApiKey(input: { name: "tests of clients", role: ADMIN }) { secret } }'
_NUMBERS = count(1)


@dataclass(frozen=True)
class Market:
    """An instrument that trades at 100, and a funded account."""

    symbol: str
    account_id: str


@pytest.fixture(scope="session")
def key(shared_web: Process) -> str:
    """An API key of the administrator. It does not expire, unlike a session."""

    async def make() -> str:
        async with signed_in(shared_web.address) as desk:
            data = await desk.client.ask(_KEY)
            secret: str = data["createApiKey"]["secret"]
            return secret

    return asyncio.run(make())


@pytest.fixture
async def admin(shared_web: Process, key: str) -> AsyncIterator[Desk]:
    """Its administrator at a desk."""
    async with Caller(shared_web.address, key) as caller:
        yield Desk(caller)


@pytest.fixture
async def client(shared_web: Process, key: str) -> AsyncIterator[Client]:
    """A client that has the key."""
    async with Client(shared_web.address, ApiKey(key), retry=RetryPolicy(patience_seconds=60), proxy=None) as opened:
        yield opened


@pytest.fixture
async def market(admin: Desk) -> Market:
    """A market for one test."""
    return await open_market(admin)


@pytest.fixture
async def other_market(admin: Desk) -> Market:
    """Another one."""
    return await open_market(admin)


async def open_market(admin: Desk) -> Market:
    """An instrument at 100, and a funded account."""
    symbol = f"CL{next(_NUMBERS)}-USD"
    await admin.create_instrument(symbol)
    account_id = await admin.open_account("100000")
    await admin.publish(symbol, "99.99", "100.01")
    return Market(symbol, account_id)
