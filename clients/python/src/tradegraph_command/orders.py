"""`tradegraph orders`."""

import argparse
from collections.abc import AsyncIterator

from tradegraph_client import Client, every
from tradegraph_client.types import Order, OrderFilter, OrderStatus
from tradegraph_command.columns import ORDERS
from tradegraph_command.connection import DONE, add_connection, connected, find_account
from tradegraph_command.output import follow, show

_CLOSED = {OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.REJECTED}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--account", metavar="ACCOUNT", help="only orders of this account (id or name)")
    parser.add_argument(
        "--symbol", action="append", metavar="SYMBOL", help="only orders of this instrument; may be repeated"
    )
    parser.add_argument("--strategy", metavar="NAME", help="of this strategy")
    parser.add_argument("--open", action="store_true", help="only open orders")
    parser.add_argument(
        "--limit", type=int, default=50, metavar="N", help="largest number of orders, newest first (default: 50)"
    )
    parser.add_argument("--watch", action="store_true", help="follow the orders of the account until interrupted")
    add_connection(parser)


def run(arguments: argparse.Namespace) -> int:
    """List orders, newest first."""

    async def work(client: Client) -> int:
        needs_account = arguments.account is not None or arguments.watch
        account = await find_account(client, arguments.account) if needs_account else None
        wanted = OrderFilter(
            account_id=account.id if account else None,
            symbols=arguments.symbol,
            strategy=arguments.strategy,
            open=True if arguments.open else None,
        )
        place = await client.get_event_cursor(id=account.id) if account and arguments.watch else None
        orders: list[Order] = []
        async for order in every(client.get_orders, page=min(arguments.limit, 200), filter_=wanted):
            orders.append(order)
            if len(orders) == arguments.limit:
                break
        if account is None or place is None:
            show(orders, ORDERS, as_json=arguments.json)
            return DONE
        changes = _changes(client, account.id, place.event_cursor, wanted)
        keep = (lambda row: row.status not in _CLOSED) if arguments.open else (lambda _: True)
        await follow(orders, changes, ORDERS, lambda row: row.id, as_json=arguments.json, keep=keep)
        return DONE

    return connected(arguments, work)


async def _changes(client: Client, account_id: str, after: str, wanted: OrderFilter) -> AsyncIterator[Order]:
    """The orders that change from the place on, as far as they are wanted."""
    async for event in client.watch_order_events(account_id=account_id, after=after):
        order = event.order
        if wanted.symbols and order.symbol not in wanted.symbols:
            continue
        if wanted.strategy is not None and order.strategy != wanted.strategy:
            continue
        yield order
