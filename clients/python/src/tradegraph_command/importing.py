"""`tradegraph import`."""

import argparse
import dataclasses
import json
from pathlib import Path

from tradegraph_client import Client
from tradegraph_command.connection import DONE, UsageError, add_connection, connected, find_account

_TOLD = (
    "{imported} of {lines} lines imported ({already_there} were there already): {executions} executions of {orders} "
    "orders, {cash_movements} movements of cash. The account has {cash} {currency}, realised {realized_pnl} and paid "
    "{fees_paid} in fees."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", type=Path, metavar="FILE", help="a CSV file of executions and movements of cash")
    parser.add_argument("--account", metavar="ACCOUNT", help="the account, by id or name; needed if you see several")
    add_connection(parser)


def run(arguments: argparse.Namespace) -> int:
    """Import the file: all of it or nothing."""

    async def work(client: Client) -> int:
        try:
            content = arguments.file.read_bytes()
        except OSError as error:
            raise UsageError(f"{arguments.file} cannot be read: {error.strerror}") from error
        account = await find_account(client, arguments.account)
        report = dataclasses.asdict(await client.import_history(account.id, content))
        print(json.dumps(report, default=str) if arguments.json else _TOLD.format(**report))
        return DONE

    return connected(arguments, work)
