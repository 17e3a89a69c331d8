"""A whole installation out of real processes, each of which can be killed and come back on its own."""

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import httpx

from adapters.settings.loading import load_settings
from adapters.wiring import open_services
from domain.access.users import ensure_admin
from tests.support.ports import free_port
from tests.support.processes import Running, running

EMAIL = "admin@example.com"
PASSWORD = "correct horse battery staple"
SECRET = "0123456789abcdef" * 4

_START_SECONDS = 120.0
_POLL_SECONDS = 0.05


class Process:
    """One process of the platform. It keeps its settings and its port over restarts."""

    def __init__(
        self, arguments: list[str], environment: dict[str, str], ready: str, stack: ExitStack, module: str = "cli"
    ) -> None:
        self._arguments = arguments
        self._module = module
        self._environment = environment
        self._ready = ready
        self._stack = stack
        self._running: Running | None = None
        self._said: list[str] = []

    def __str__(self) -> str:
        return f"--- tradegraph {' '.join(self._arguments)}"

    @property
    def address(self) -> str:
        """The address of the process, if it listens."""
        return f"http://127.0.0.1:{self._environment['TRADEGRAPH_PORT']}"

    @property
    def endpoint(self) -> str:
        """Its GraphQL endpoint."""
        return f"{self.address}/graphql"

    @property
    def pid(self) -> int:
        """The id of the running process."""
        assert self._running is not None
        return self._running.pid

    @property
    def output(self) -> str:
        """The output of all runs of the process."""
        return "".join(self._said) + (self._running.output if self._running is not None else "")

    def start(self) -> None:
        """Start it without waiting for it."""
        assert self._running is None or self._running.process.poll() is not None
        if self._running is not None:
            self._said.append(self._running.output)
        self._running = self._stack.enter_context(running(self._arguments, self._environment, self._module))

    def wait_until_ready(self, ready: str | None = None) -> None:
        """Wait until the process works, or prints ``ready``."""
        assert self._running is not None
        if ready is None and self._ready == "/readyz":
            self._wait_for_answer(self._running)
        else:
            self.wait_for(ready or self._ready)

    def wait_for(self, text: str) -> str:
        """The next line with ``text`` in the output of this run."""
        assert self._running is not None
        return self._running.wait_for_line(lambda line: text in line, _START_SECONDS)

    def kill(self) -> None:
        """Kill the process with SIGKILL."""
        assert self._running is not None
        self._running.process.kill()
        self._running.process.wait()

    def stop(self) -> None:
        """Send SIGTERM and wait for the end of the process."""
        assert self._running is not None
        self._running.stop()

    def restart(self, ready: str | None = None) -> None:
        """Start the process again and wait until it works, or prints ``ready``."""
        self.start()
        self.wait_until_ready(ready)

    async def come_back(self, ready: str | None = None) -> None:
        """Run ``restart`` in a thread, so that the event loop continues."""
        await asyncio.to_thread(self.restart, ready)

    def _wait_for_answer(self, process: Running) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and process.process.poll() is None:
            try:
                if httpx.get(f"{self.address}/readyz?exclude=engine", trust_env=False).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass
            time.sleep(_POLL_SECONDS)
        raise AssertionError(f"the web process is not ready:\n{process.output}")


@dataclass
class Installation:
    """Servers, settings, and the processes that were started with them."""

    database_url: str
    environment: dict[str, str]
    stack: ExitStack = field(repr=False)
    processes: list[Process] = field(default_factory=list, repr=False)

    def web(self, **settings: str) -> Process:
        """A web process on a port of its own, not started yet."""
        environment = self.environment | {"TRADEGRAPH_PORT": str(free_port())} | settings
        return self._process(["web"], environment, "/readyz")

    def engine(self, *arguments: str, **settings: str) -> Process:
        """An engine, not started yet; it is ready when it trades."""
        return self._process(["engine", *arguments], self.environment | settings, "venue=paper orders=")

    def worker(self, module: str | None = None, **settings: str) -> Process:
        """A worker, not started yet, or a module of the tests that is one."""
        arguments, environment = ([] if module else ["worker"]), self.environment | settings
        return self._process(arguments, environment, "worker ready", module or "cli")

    def _process(self, arguments: list[str], environment: dict[str, str], ready: str, module: str = "cli") -> Process:
        self.processes.append(Process(arguments, environment, ready, self.stack, module))
        return self.processes[-1]

    def start(self, *processes: Process) -> None:
        """Start processes at the same time and wait until all of them work."""
        for process in processes:
            process.start()
        for process in processes:
            process.wait_until_ready()


@contextmanager
def installation(database_url: str, redis_url: str, folder: Path, **settings: str) -> Iterator[Installation]:
    """An installation with only its administrator; all its processes are killed at the end."""
    environment = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "TRADEGRAPH_DATA_DIR": str(folder),
        "TRADEGRAPH_ADMIN_EMAIL": EMAIL,
        "TRADEGRAPH_ADMIN_PASSWORD": PASSWORD,
        "TRADEGRAPH_SECRET": SECRET,
        "TRADEGRAPH_FEED": "off",
        # No day ends while a test runs, whenever it runs.
        "TRADEGRAPH_DAY_ROLL": f"{datetime.now(UTC) + timedelta(hours=12):%H:%M} UTC",
        **settings,
    }
    asyncio.run(_set_up(database_url, environment))
    with ExitStack() as stack:
        whole = Installation(database_url, environment, stack)
        try:
            yield whole
        finally:
            # Shown with a test that has failed.
            for process in whole.processes:
                sys.stdout.write(f"{process}\n{process.output}\n")


async def _set_up(database_url: str, environment: dict[str, str]) -> None:
    """Make the database durable, so that a kill loses no commit, and add the administrator."""
    connection = await asyncpg.connect(database_url)
    try:
        # The test servers do without for all others, who never kill them right after something that matters.
        await connection.execute(f"ALTER DATABASE {database_url.rpartition('/')[2]} SET synchronous_commit = on")
    finally:
        await connection.close()
    async with open_services(load_settings(environment)) as services:
        await ensure_admin(services.access, EMAIL, PASSWORD)
