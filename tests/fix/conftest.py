"""A platform with FIX order entry for all tests of this folder, and QuickFIX clients against it."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from adapters.embedded import EmbeddedServices
from tests.support.client import Client
from tests.support.databases import DatabaseFactory
from tests.support.desk import Desk
from tests.support.fix_client import FixPeer, peer
from tests.support.installation import EMAIL, PASSWORD, Installation, Process, installation
from tests.support.ports import free_port


@pytest.fixture(scope="session")
def fix_port() -> int:
    return free_port()


@pytest.fixture(scope="session")
def metrics_port() -> int:
    return free_port()


@pytest.fixture(scope="session")
def platform(
    services: EmbeddedServices,
    databases: DatabaseFactory,
    tmp_path_factory: pytest.TempPathFactory,
    fix_port: int,
    metrics_port: int,
) -> Iterator[Installation]:
    """An installation whose engine accepts FIX."""
    folder = tmp_path_factory.mktemp("fix")
    # Beside the market data of other installations.
    valkey = f"{services.redis_url.rpartition('/')[0]}/3"
    settings = {"TRADEGRAPH_FIX_ADDRESS": f"127.0.0.1:{fix_port}", "TRADEGRAPH_QUOTE_STALE": "3600"}
    # All clients of the tests come from one address.
    settings["TRADEGRAPH_ANONYMOUS_REQUESTS_PER_SECOND"] = "0"
    settings["TRADEGRAPH_ENGINE_METRICS"] = f"127.0.0.1:{metrics_port}"
    with databases.migrated() as url, installation(url, valkey, folder, **settings) as whole:
        yield whole


@pytest.fixture(scope="session")
def engine(platform: Installation) -> Process:
    return platform.engine()


@pytest.fixture(scope="session")
def web(platform: Installation, engine: Process) -> Process:
    """Its web process; the engine runs beside it."""
    process = platform.web()
    platform.start(process, engine)
    return process


@pytest.fixture
async def desk(web: Process, request: pytest.FixtureRequest) -> AsyncIterator[Desk]:
    """The administrator at the API; after the test the books must be proved."""
    async with Client(web.address) as client:
        await client.sign_in(EMAIL, PASSWORD)
        desk = Desk(client)
        yield desk
        await desk.check_books()


@pytest.fixture
async def symbol(desk: Desk, request: pytest.FixtureRequest) -> str:
    """An instrument of the test's own, with a market at 99 to 101."""
    name = f"COIN{abs(hash(request.node.name)) % 10**8}"
    await desk.create_instrument(name)
    await desk.publish(name, "99", "101")
    return name


@pytest.fixture
def fix_client(fix_port: int, tmp_path: Path) -> Iterator[Callable[..., FixPeer]]:
    """Starts a QuickFIX initiator with a key; a second start of the same name continues its numbers."""
    with ExitStack() as stack:

        def start(key: str, name: str = "BOT", **options: object) -> FixPeer:
            config = {"type": "initiator", "port": fix_port, "sender": name, "target": "TRADEGRAPH", "password": key}
            return stack.enter_context(peer(tmp_path / "fix" / name, **config | options))

        yield start
