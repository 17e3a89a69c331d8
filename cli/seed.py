"""`tradegraph seed`: adds the demonstration instruments to a database that has its schema."""

import argparse
import asyncio
import os

from adapters.credentials import complete
from adapters.embedded.server_folder import make_private_folder
from adapters.seeding import seed
from adapters.settings.loading import Settings, load_settings
from adapters.wiring import open_services
from cli.addresses import servers_for_a_while
from cli.checks import check_redis, check_schema


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments."""
    del parser


def run(arguments: argparse.Namespace) -> int:
    """Add the missing instruments."""
    del arguments
    settings = load_settings(os.environ)
    make_private_folder(settings.data_dir)
    with servers_for_a_while(settings) as addressed:
        added = asyncio.run(_seed(complete(addressed)))
    print(f"{len(added)} instruments added" + (f": {', '.join(added)}" if added else ""))
    return 0


async def _seed(settings: Settings) -> list[str]:
    await check_schema(settings.database_url)
    check_redis(settings.redis_url)
    async with open_services(settings) as services:
        return await seed(services.bus, services.market)
