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

from tests.chaos.run import can_jump, staged, trade
from tests.support.databases import DatabaseFactory
from tests.support.servers import throwaway_services

_SECONDS = 300.0


def _until(end: float) -> Iterator[str | None]:
    """Disturbances of chance, as many as fit into the time."""
    while time.monotonic() < end:
        yield None


def main(arguments: list[str]) -> int:
    """Trade, and print what was done."""
    seconds = float(arguments[0]) if arguments else _SECONDS
    seed = int(arguments[1]) if len(arguments) > 1 else secrets.randbelow(1_000_000)
    clocks = "" if can_jump() else "; clocks stay: Debian's faketime is not installed"
    sys.stdout.write(f"seed {seed}, {seconds:g} s{clocks}\n")
    folder = Path(tempfile.mkdtemp(prefix="tradegraph-chaos-"))
    with (
        throwaway_services() as services,
        DatabaseFactory(services, folder) as databases,
        databases.migrated() as url,
        staged(url, services.redis_url, folder, seed) as stage,
    ):
        running = asyncio.run(trade(stage, url, _until(time.monotonic() + seconds)))
        sys.stdout.write(f"{running.accepted} orders accepted, {running.repeats} requests repeated\n")
        for name, number in stage.done.most_common():
            sys.stdout.write(f"{number:4} {name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
