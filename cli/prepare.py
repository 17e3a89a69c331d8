"""`tradegraph prepare`: the preparation of every start, before the processes run."""

import argparse
import asyncio
import os

from adapters.credentials import complete
from adapters.database.connection import migrate
from adapters.demo import demo_instruments
from adapters.embedded.server_folder import make_private_folder
from adapters.seeding import seed
from adapters.settings.loading import Settings, load_settings
from adapters.venues.registry import configure
from adapters.wiring import GATEWAYS, open_services
from cli.access import open_access
from cli.addresses import servers_for_a_while
from cli.checks import check_redis, check_upgrade
from cli.demo_account import open_demo_account
from cli.processes import CALENDARS, holds_locks
from domain.access.users import ensure_admin
from domain.market.calendars import keep_calendars_in
from domain.market.instrument_store import read_instruments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments."""
    del parser


def run(arguments: argparse.Namespace) -> int:
    """Prepare everything."""
    del arguments
    settings = load_settings(os.environ)
    holds_locks(settings, "prepare")
    configure(settings.venues, GATEWAYS)
    make_private_folder(settings.data_dir)
    keep_calendars_in(settings.data_dir / CALENDARS)
    with servers_for_a_while(settings) as addressed:
        asyncio.run(_checked(complete(addressed)))
    return 0


async def _checked(settings: Settings) -> None:
    await check_upgrade(settings.database_url)
    check_redis(settings.redis_url)
    is_first = await prepare(settings)
    # Money that is none belongs to a market that is none.
    if is_first and settings.feed.kind == "sim":
        async with open_services(settings) as services:
            await open_demo_account(services, settings.admin_email)


async def prepare(settings: Settings) -> bool:
    """Bring the schema up to date; make the first administrator and the demonstration instruments unless they exist.

    True if the administrator was made: this is the installation's first start.
    """
    await migrate(settings.database_url)
    async with open_access(settings) as access:
        is_first = await ensure_admin(access, settings.admin_email, settings.admin_password)
        known = {instrument.symbol for instrument in await read_instruments()}
    # Opening a market takes seconds, so it is opened only when there is something to add.
    if any(demo.instrument.symbol not in known for demo in demo_instruments()):
        async with open_services(settings) as services:
            await seed(services.bus, services.market)
    return is_first
