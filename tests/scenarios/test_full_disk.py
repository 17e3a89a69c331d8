"""The disk of the database fills while a desk trades: refusals with a reason, few lines, all well with room again."""

import asyncio
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.database import migrate
from adapters.embedded import embedded_services
from cli.keeper import Keeper
from tests.platform.conftest import open_folder
from tests.support.client import ApiError
from tests.support.desk import Desk, order_input, signed_in
from tests.support.installation import Installation, installation
from tests.support.waiting import until

_SIZE = "400m"
_MAX_LINES = 200
SYMBOL = "FULL.LAB"


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of its own, with little room."""
    with open_folder() as path:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={_SIZE},mode=0711", "tmpfs", str(path)],
            capture_output=True,
            check=False,
        )
        if mounted.returncode != 0:
            pytest.skip(f"a file system cannot be mounted here: {mounted.stderr.decode().strip()}")
        try:
            yield path
        finally:
            subprocess.run(["umount", "--lazy", str(path)], check=True)


@pytest.fixture
def platform(small_disk: Path, tmp_path: Path) -> Iterator[Installation]:
    with embedded_services(small_disk / "data", durable=False) as services, Keeper(services.started, print):
        asyncio.run(migrate(services.database_url))
        with installation(services.database_url, services.redis_url, tmp_path) as whole:
            yield whole


class Trading:
    """Batches of orders, each with a name of its own that is repeated until it is answered."""

    def __init__(self, desk: Desk, account_id: str) -> None:
        self.desk = desk
        self.account_id = account_id
        self.placed = 0
        self.refusals: Counter[object] = Counter()

    async def place(self) -> bool:
        """Place the next batch; False when it was refused, so that it is placed again."""
        names = [f"o{self.placed + number}" for number in range(100)]
        orders = [
            order_input(self.account_id, SYMBOL, "BUY", "1", type="LIMIT", limitPrice="50", clientOrderId=name)
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


async def test_a_full_disk_is_survived(platform: Installation, small_disk: Path) -> None:
    web, engine = platform.web(), platform.engine()
    platform.start(web, engine)
    async with signed_in(web.address) as desk:
        await desk.create_instrument(SYMBOL)
        await desk.publish(SYMBOL, "99", "101")
        account_id = await desk.open_account("100000000")
        trading = Trading(desk, account_id)
        assert await trading.place()
        filler = small_disk / "filler"
        _fill(filler)
        said = len(web.output.splitlines()), len(engine.output.splitlines())
        for _ in range(400):
            await trading.place()
            if sum(trading.refusals.values()) >= 30:
                break
        assert sum(trading.refusals.values()) >= 30, "the disk never was full"
        assert "DISK_FULL" in trading.refusals or "UNREACHABLE" in trading.refusals
        filler.unlink()

        await until(trading.place, 60)
        orders = await desk.orders(accountId=account_id)
        assert sorted(order["clientOrderId"] for order in orders) == sorted(
            f"o{number}" for number in range(trading.placed)
        )
        await desk.check_books()
    for process, before in zip((web, engine), said, strict=True):
        lines = process.output.splitlines()[before:]
        assert len(lines) < _MAX_LINES, process.output
        assert "Traceback" not in "\n".join(lines), process.output


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(b"\0" * 65_536):
                pass
        except OSError:
            return
