"""`tradegraph cancel`."""

import argparse

from tradegraph_client import Client
from tradegraph_client.types import CancelOrderInput, CancelOrdersInput, Order
from tradegraph_command.columns import ORDERS
from tradegraph_command.connection import DONE, UsageError, add_connection, connected, find_account
from tradegraph_command.output import show


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("orders", nargs="*", metavar="ORDER", help="ids of orders")
    parser.add_argument("--all", action="store_true", help="all open orders of the account")
    parser.add_argument("--account", metavar="ACCOUNT", help="the account, by id or name; needed if you see several")
    parser.add_argument("--symbol", metavar="SYMBOL", help="with --all: of this instrument alone")
    parser.add_argument("--strategy", metavar="NAME", help="with --all: of this strategy alone")
    add_connection(parser)


def run(arguments: argparse.Namespace) -> int:
    """Ask the venues to cancel; the orders, which keep their status until the venue has answered."""

    async def work(client: Client) -> int:
        if bool(arguments.orders) == arguments.all:
            raise UsageError("name orders, or give --all")
        if arguments.all:
            orders = await _cancel_all(client, arguments)
        else:
            orders = [(await client.cancel_order(CancelOrderInput(id=name))).order for name in arguments.orders]
        show(orders, ORDERS, as_json=arguments.json)
        return DONE

    return connected(arguments, work)


async def _cancel_all(client: Client, arguments: argparse.Namespace) -> list[Order]:
    account = await find_account(client, arguments.account)
    wanted = CancelOrdersInput(account_id=account.id, symbol=arguments.symbol, strategy=arguments.strategy)
    return list((await client.cancel_orders(wanted)).orders)
