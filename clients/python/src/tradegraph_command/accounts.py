"""`tradegraph accounts`."""

import argparse
from collections.abc import AsyncIterator

from tradegraph_client import Client, every
from tradegraph_client.types import Account
from tradegraph_command.columns import ACCOUNTS
from tradegraph_command.connection import DONE, add_connection, connected
from tradegraph_command.output import follow, show


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--watch", action="store_true", help="follow the figures until interrupted")
    add_connection(parser)


def run(arguments: argparse.Namespace) -> int:
    """List the accounts that the key may see."""

    async def work(client: Client) -> int:
        accounts = [account async for account in every(client.get_accounts_connection)]
        if arguments.watch and accounts:
            changes = _changes(client, [account.id for account in accounts])
            await follow(accounts, changes, ACCOUNTS, lambda row: row.id, as_json=arguments.json)
        else:
            show(accounts, ACCOUNTS, as_json=arguments.json)
        return DONE

    return connected(arguments, work)


async def _changes(client: Client, account_ids: list[str]) -> AsyncIterator[Account]:
    async for figures in client.watch_pnl(account_ids=account_ids, interval_ms=1_000):
        account = await client.get_account(id=figures.account_id)
        if account is not None:
            yield account
