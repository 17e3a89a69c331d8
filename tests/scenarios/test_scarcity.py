"""The database runs out of room, or of memory, while a desk trades: refusals with a reason, and then all is well."""

import asyncio
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import asyncpg
import psutil
import pytest

from adapters.database.connection import migrate
from adapters.embedded import embedded_services
from cli.keeper import Keeper
from tests.platform.conftest import open_folder
from tests.support.client import ApiError
from tests.support.desk import Desk, order_input, signed_in
from tests.support.installation import Installation, Process, installation
from tests.support.small_disk import SmallDisk, small_disk
from tests.support.waiting import until

_MAX_LINES = 100
_REFUSALS = 30


@dataclass
class Platform:
    """A web process and an engine on a private database, which is on the disk."""

    whole: Installation
    web: Process
    engine: Process
    disk: SmallDisk


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with (
        open_folder() as path,
        small_disk(path) as disk,
        embedded_services(path / "data", durable=False) as services,
        Keeper(services.started, print),
    ):
        asyncio.run(migrate(services.database_url))
        with installation(services.database_url, services.redis_url, tmp_path_factory.mktemp("platform")) as whole:
            web, engine = whole.web(), whole.engine()
            whole.start(web, engine)
            yield Platform(whole, web, engine, disk)


class Trading:
    """Batches of orders, each with a name of its own that is repeated until it is answered."""

    def __init__(self, desk: Desk, account_id: str, symbol: str) -> None:
        self.desk = desk
        self.account_id = account_id
        self.symbol = symbol
        self.placed = 0
        self.refusals: Counter[object] = Counter()

    async def place(self) -> bool:
        """Place the next batch; False when it was refused, so that it is placed again."""
        names = [f"o{self.placed + number}" for number in range(100)]
        orders = [
            order_input(self.account_id, self.symbol, "BUY", "1", type="LIMIT", limitPrice="50", clientOrderId=name)
            for name in names
        ]
        try:
            await self.desk.place_all(*orders)
        except ApiError as error:
            if error.code != "UNAVAILABLE":
                raise
            self.refusals[error.extensions.get("reason")] += 1
            return False
        self.placed += len(names)
        return True

    async def be_refused(self, begin: Callable[[], Awaitable[None]] | None = None) -> None:
        """Place until it was refused so often; ``begin`` is called before each time."""
        for _ in range(400):
            if begin is not None:
                await begin()
            await self.place()
            if sum(self.refusals.values()) >= _REFUSALS:
                return
        raise AssertionError("there was enough of everything")

    async def check(self) -> None:
        """All is well again: each order is there once, and the books agree."""
        await until(self.place, 60)
        orders = await self.desk.orders(accountId=self.account_id)
        names = sorted(f"o{number}" for number in range(self.placed))
        assert sorted(order["clientOrderId"] for order in orders) == names
        await self.desk.check_books()


@asynccontextmanager
async def trading(platform: Platform, symbol: str) -> AsyncIterator[Trading]:
    """A desk that has begun to trade. Beside one line per request, the processes say little, and no traceback."""
    said = [len(process.output.splitlines()) for process in (platform.web, platform.engine)]
    async with signed_in(platform.web.address) as desk:
        await desk.create_instrument(symbol)
        await desk.publish(symbol, "99", "101")
        begun = Trading(desk, await desk.open_account("100000000"), symbol)
        assert await begun.place()
        yield begun
    for process, before in zip((platform.web, platform.engine), said, strict=True):
        lines = process.output.splitlines()[before:]
        # One line per request is the access log's: how many batches a server survives is its own matter.
        assert len([line for line in lines if "[request]" not in line]) < _MAX_LINES, process.output
        assert "Traceback" not in "\n".join(lines), process.output


async def test_trading_survives_a_full_disk(platform: Platform) -> None:
    if not platform.disk.can_fill:
        pytest.skip(f"a file system cannot be mounted here: {platform.disk.reason}")
    async with trading(platform, "FULL.LAB") as begun:
        platform.disk.fill()
        await begun.be_refused()
        assert "DISK_FULL" in begun.refusals or "UNREACHABLE" in begun.refusals
        platform.disk.make_room()
        await begun.check()


async def test_trading_survives_a_database_without_memory(platform: Platform) -> None:
    if shutil.which("prlimit") is None:
        pytest.skip("prlimit of util-linux is not installed")
    # A server process that has done much has memory left over, and would ask for none.
    await _end_servers(platform.whole.database_url)
    async with trading(platform, "MEMORY.LAB") as begun:
        bounded: set[psutil.Process] = set()

        async def bound() -> None:
            # A process may open a further connection at any time.
            for server in set(await _servers(platform.whole.database_url)) - bounded:
                with suppress(psutil.NoSuchProcess):
                    _bound(server, str(server.memory_info().vms))
                    bounded.add(server)

        await begun.be_refused(bound)
        assert set(begun.refusals) == {"OUT_OF_MEMORY"}
        said = platform.web.output.count("reason=OUT_OF_MEMORY")
        # One line a minute, however many are refused.
        assert 1 <= said < _REFUSALS / 2
        for server in bounded:
            with suppress(psutil.NoSuchProcess):
                _bound(server, "unlimited")
        await begun.check()


async def _end_servers(database_url: str) -> None:
    """End them; the platform connects again."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    finally:
        await connection.close()


async def _servers(database_url: str) -> list[psutil.Process]:
    """The processes of the server that serve the platform's connections."""
    connection = await asyncpg.connect(database_url)
    try:
        rows = await connection.fetch(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    finally:
        await connection.close()
    found = []
    for row in rows:
        # One that has just ended needs no bound.
        with suppress(psutil.NoSuchProcess):
            found.append(psutil.Process(row["pid"]))
    return found


def _bound(server: psutil.Process, size: str) -> None:
    """Bound the memory of a process as its own account: who runs the tests may not have that right."""
    if not server.is_running():
        return
    same = {"user": server.uids().real, "group": server.gids().real, "extra_groups": []} if os.getuid() == 0 else {}
    command = ["prlimit", "--pid", str(server.pid), f"--as={size}:"]
    done = subprocess.run(command, check=False, **same)  # type: ignore[call-overload]
    # The pool may have closed the connection meanwhile, which ends its server.
    assert done.returncode == 0 or not server.is_running(), f"{command} failed"
