"""`make floods`: what attacks on a web process cost, and how long others wait for answers meanwhile.

python -m tests.floods [TIMES [PROCESSES]]
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from tests.floods.attacks import ATTACKS, Attack
from tests.floods.others import others
from tests.floods.stage import attacked
from tests.support.databases import DatabaseFactory
from tests.support.servers import throwaway_services
from tests.support.web import Web


async def _measure(web: Web, name: str, attack: Attack) -> None:
    async with others(web) as asking:
        await attack(web, asking.authorization)
    sys.stdout.write(f"{name}: {asking}\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """Attack by each kind so many times, one after the other, a server of so many processes."""
    times = int(arguments[0]) if arguments else 1
    processes = int(arguments[1]) if len(arguments) > 1 else 1
    with tempfile.TemporaryDirectory(prefix="tradegraph-floods-") as name:
        folder = Path(name)
        with (
            throwaway_services() as services,
            DatabaseFactory(services, folder) as databases,
            databases.migrated() as url,
            attacked(url, services.redis_url, folder / "data", processes) as web,
        ):
            for _ in range(times):
                for kind, attack in ATTACKS.items():
                    asyncio.run(_measure(web, kind, attack))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
