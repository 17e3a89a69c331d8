"""Fixtures for every test: each session (each xdist worker is one) has its own PostgreSQL and Valkey.

A test that asks for none of these starts no server.
"""

import logging
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import redis
import structlog
from _pytest.terminal import TerminalReporter
from hypothesis import settings

from adapters.database.connection import database as open_database
from adapters.embedded import EmbeddedServices
from tests.support.databases import DatabaseFactory
from tests.support.folder_times import folder_times
from tests.support.installation import Installation, Process, installation
from tests.support.processes import FORK_SERVER
from tests.support.servers import throwaway_services


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option ``--folder-times``, which `make test` uses."""
    parser.addoption("--folder-times", action="store_true", help="show how long the tests of each folder took")


def pytest_configure(config: pytest.Config) -> None:
    """Properties have no deadline, and programs that tests start can be interrupted.

    A shell that starts this run in the background lets it, and all that it starts, ignore interrupts.
    """
    del config
    # A busy machine is no failure of a property.
    settings.register_profile("tests", deadline=None)
    settings.load_profile("tests")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """Show where the time went."""
    if config.getoption("folder_times"):
        reports = [report for kind in terminalreporter.stats.values() for report in kind]
        terminalreporter.section("time by folder")
        terminalreporter.write("".join(f"{line}\n" for line in folder_times(reports)))


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    """Restore the logging set-up after a test that runs a command in this process."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    if structlog.is_configured():
        structlog.reset_defaults()
        root.handlers = handlers
        root.setLevel(level)


@pytest.fixture(scope="session", autouse=True)
def fork_server() -> Iterator[None]:
    """The server that forks the platform's processes ends with the session, if a test has started it."""
    yield
    FORK_SERVER.end()


@pytest.fixture(scope="session")
def services() -> Iterator[EmbeddedServices]:
    """The session's servers. A test that stops or kills one starts it again before it ends."""
    with throwaway_services() as started:
        yield started


@pytest.fixture(scope="session")
def databases(
    services: EmbeddedServices, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DatabaseFactory]:
    """The factory of databases. It keeps the migrated schema for the next session, unless pytest keeps no cache."""
    cache = getattr(pytestconfig, "cache", None)
    folder = cache.mkdir("schema") if cache is not None else tmp_path_factory.mktemp("schema")
    with DatabaseFactory(services, folder) as factory:
        yield factory


@pytest.fixture
def database_url(databases: DatabaseFactory, request: pytest.FixtureRequest) -> Iterator[str]:
    """A migrated database for one test; afterwards its money must sum to zero, and it is dropped."""
    with databases.migrated(tampered=request.node.get_closest_marker("tampers") is not None) as url:
        yield url


@pytest.fixture
def empty_database_url(databases: DatabaseFactory) -> Iterator[str]:
    """An empty database for one test."""
    with databases.empty() as url:
        yield url


@pytest.fixture
def redis_url(services: EmbeddedServices) -> str:
    """The session's Valkey, emptied."""
    with redis.Redis.from_url(services.redis_url) as client:
        client.flushall()
    return services.redis_url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[str]:
    """The ORM and its pool, opened on a database for one test; returns its URL."""
    async with open_database(database_url):
        yield database_url


@pytest.fixture(scope="session")
def shared_installation(
    services: EmbeddedServices, databases: DatabaseFactory, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """An installation that independent tests share; other tests do not stop its servers."""
    folder = tmp_path_factory.mktemp("installation")
    # Beside the market data of installations that come and go meanwhile.
    valkey = f"{services.redis_url.rpartition('/')[0]}/1"
    with databases.migrated() as url, installation(url, valkey, folder) as whole:
        yield whole


@pytest.fixture(scope="session")
def shared_web(shared_installation: Installation) -> Process:
    """Its web process; an engine runs beside it."""
    process = shared_installation.web()
    shared_installation.start(process, shared_installation.engine())
    return process


@pytest.fixture
def fresh(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[Installation]:
    """An installation for one test, without running processes."""
    with installation(database_url, redis_url, tmp_path / "data") as whole:
        yield whole
