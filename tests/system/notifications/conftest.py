"""A platform that may send to loopback, and servers that receive what it sends."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.support.receivers import Mailbox, Receiver, mail_server, receiver
from tests.support.trading import Platform, platform


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    loopback = {"TRADEGRAPH_NOTIFY_NETWORKS": "127.0.0.0/8", "TRADEGRAPH_PUBLIC_URL": "https://desk.example"}
    async with platform(database_url, redis_url, tmp_path, **loopback) as whole:
        yield whole


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as there:
        yield there


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as there:
        yield there
