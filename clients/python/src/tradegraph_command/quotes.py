"""`tradegraph quotes`."""

import argparse

from tradegraph_client import Client
from tradegraph_command.columns import QUOTES
from tradegraph_command.connection import DONE, add_connection, connected
from tradegraph_command.output import follow, show


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("symbols", nargs="+", metavar="SYMBOL", help="which instruments")
    parser.add_argument("--watch", action="store_true", help="follow the quotes until interrupted")
    add_connection(parser)


def run(arguments: argparse.Namespace) -> int:
    """Show the newest quotes."""

    async def work(client: Client) -> int:
        quotes = await client.get_quotes(symbols=arguments.symbols)
        if arguments.watch:
            changes = client.watch_quotes(symbols=arguments.symbols, interval_ms=250)
            await follow(quotes, changes, QUOTES, lambda row: row.symbol, as_json=arguments.json)
        else:
            show(quotes, QUOTES, as_json=arguments.json)
        return DONE

    return connected(arguments, work)
