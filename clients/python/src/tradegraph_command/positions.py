"""`tradegraph positions`."""

import argparse

from tradegraph_client import Client
from tradegraph_command.columns import POSITIONS
from tradegraph_command.connection import DONE, add_connection, connected, find_account
from tradegraph_command.output import follow, show


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--account", metavar="ACCOUNT", help="the account, by id or name; needed if you see several")
    parser.add_argument("--closed", action="store_true", help="also closed positions")
    parser.add_argument("--watch", action="store_true", help="follow the positions until interrupted")
    add_connection(parser)


def run(arguments: argparse.Namespace) -> int:
    """List the positions of an account."""

    async def work(client: Client) -> int:
        account = await find_account(client, arguments.account)
        positions = await client.get_positions(account_id=account.id, include_closed=arguments.closed)
        if not arguments.watch:
            show(positions, POSITIONS, as_json=arguments.json)
            return DONE
        await follow(
            positions,
            client.watch_positions(account_id=account.id),
            POSITIONS,
            lambda row: row.id,
            as_json=arguments.json,
            keep=lambda row: arguments.closed or bool(row.quantity),
        )
        return DONE

    return connected(arguments, work)
