"""`tradegraph close`."""

import argparse
from collections.abc import Sequence

from tradegraph_client import Client
from tradegraph_client.types import ClosePositionInput, Order, OrderStatus, PositionSide
from tradegraph_command.columns import ORDERS
from tradegraph_command.connection import (
    DONE,
    REFUSED,
    UsageError,
    add_connection,
    complain,
    connected,
    find_account,
)
from tradegraph_command.output import show
from tradegraph_command.place import number


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("symbol", nargs="?", metavar="SYMBOL", help="which position")
    parser.add_argument("--all", action="store_true", help="all positions of the account")
    parser.add_argument("--account", metavar="ACCOUNT", help="the account, by id or name; needed if you see several")
    parser.add_argument(
        "--quantity", type=number, metavar="N", help="quantity to close (default: everything that can be closed)"
    )
    parser.add_argument("--limit", type=number, metavar="PRICE", help="the worst price (default: at market)")
    parser.add_argument("--side", choices=("long", "short"), help="side of the position in a hedging account")
    parser.add_argument("--cancel-working", action="store_true", help="cancel first the orders that would close it")
    parser.add_argument(
        "--id", metavar="ID", help="an id of your own: repeating the command with it closes nothing more"
    )
    add_connection(parser)


def run(arguments: argparse.Namespace) -> int:
    """Close by ordinary orders; the exit code says if one was refused."""

    async def work(client: Client) -> int:
        if (arguments.symbol is None) != arguments.all:
            raise UsageError("name an instrument, or give --all")
        account = await find_account(client, arguments.account)
        orders: Sequence[Order]
        if arguments.all:
            closed = await client.close_all_positions(account_id=account.id, cancel_working=arguments.cancel_working)
            orders = [result.order for result in closed.results]
        else:
            orders = [(await client.close_position(_position(arguments, account.id))).order]
        show(orders, ORDERS, as_json=arguments.json)
        refused = [order for order in orders if order.status == OrderStatus.REJECTED]
        for order in refused:
            complain(f"{order.symbol} was not closed: {order.reject_reason}: {order.reject_message}")
        return REFUSED if refused else DONE

    return connected(arguments, work)


def _position(arguments: argparse.Namespace, account_id: str) -> ClosePositionInput:
    given = {
        "quantity": arguments.quantity,
        "limit_price": arguments.limit,
        "side": PositionSide(arguments.side.upper()) if arguments.side else None,
        "client_order_id": arguments.id,
    }
    wanted = ClosePositionInput(account_id=account_id, symbol=arguments.symbol, cancel_working=arguments.cancel_working)
    return wanted.model_copy(update={name: value for name, value in given.items() if value is not None})
