"""`make chaos`: trading under disturbances for a time and seed, on servers of its own; fails when anything is lost.

python -m tests.chaos [SECONDS [SEED]]
"""

import asyncio
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from adapters.database.connection import migrate
from adapters.embedded import embedded_services
from cli.keeper import Keeper
from tests.chaos.run import staged, trade
from tests.platform.conftest import open_folder
from tests.support.faked_clock import can_jump
from tests.support.small_disk import small_disk

_SECONDS = 300.0


def _until(end: float) -> Iterator[str | None]:
    """Disturbances of chance, as many as fit into the time."""
    while time.monotonic() < end:
        yield None


def main(arguments: list[str]) -> int:
    """Trade, and print the number of actions."""
    seconds = float(arguments[0]) if arguments else _SECONDS
    seed = int(arguments[1]) if len(arguments) > 1 else secrets.randbelow(1_000_000)
    folder = Path(tempfile.mkdtemp(prefix="tradegraph-chaos-"))
    with (
        open_folder() as path,
        small_disk(path) as disk,
        embedded_services(path / "data", durable=False) as services,
        # A server that goes down, because its disk is full, is started again.
        Keeper(services.started, sys.stderr.write),
    ):
        asyncio.run(migrate(services.database_url))
        clocks = "" if can_jump() else "; clocks stay: Debian's faketime is not installed"
        room = "" if disk.can_fill else f"; the disk is not filled: {disk.reason}"
        sys.stdout.write(f"seed {seed}, {seconds:g} s{clocks}{room}\n")
        sys.stdout.flush()
        url = services.database_url
        with staged(url, services.redis_url, folder, seed, disk) as stage:
            running = asyncio.run(trade(stage, url, _until(time.monotonic() + seconds)))
        moved = sum(len(trader.moved) for trader in running.traders)
        sys.stdout.write(
            f"{running.accepted} orders accepted, {moved} times money moved, {running.repeats} requests repeated\n"
        )
        for name, number in stage.done.most_common():
            sys.stdout.write(f"{number:4} {name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
