"""`tradegraph migrate`: the release step, safe to run at any time and by several at once."""

import argparse
import asyncio
import os

from adapters.database import migrate
from adapters.settings import load_settings
from cli.addresses import servers_for_a_while
from cli.checks import check_database


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments."""
    del parser


def run(arguments: argparse.Namespace) -> int:
    """Apply what is missing."""
    del arguments
    with servers_for_a_while(load_settings(os.environ)) as settings:
        asyncio.run(_migrate(settings.database_url))
    print("the schema is up to date")
    return 0


async def _migrate(database_url: str) -> None:
    await check_database(database_url)
    await migrate(database_url)
