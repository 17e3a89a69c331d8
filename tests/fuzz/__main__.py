"""`make fuzz`: random requests for a given time and seed, on servers of its own; fails when anything is found.

python -m tests.fuzz [SECONDS [SEED]]
"""

import asyncio
import secrets
import sys
import tempfile
from pathlib import Path

from tests.fuzz.stage import staged
from tests.support.databases import DatabaseFactory
from tests.support.servers import throwaway_services

_SECONDS = 120.0


def main(arguments: list[str]) -> int:
    """Run the fuzzer and print its results."""
    seconds = float(arguments[0]) if arguments else _SECONDS
    seed = int(arguments[1]) if len(arguments) > 1 else secrets.randbelow(1_000_000)
    sys.stdout.write(f"seed {seed}, {seconds:g} s\n")
    folder = Path(tempfile.mkdtemp(prefix="tradegraph-fuzz-"))
    with (
        throwaway_services() as services,
        DatabaseFactory(services, folder) as databases,
        databases.migrated() as url,
        staged(url, services.redis_url, folder) as stage,
    ):
        problems = asyncio.run(stage.play(seed, sys.maxsize, seconds))
        sys.stdout.write(f"{stage.outcome}\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
