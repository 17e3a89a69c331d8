"""`tradegraph place`."""

import argparse
import asyncio
from decimal import Decimal, InvalidOperation

from tradegraph_client import Client
from tradegraph_client.types import Order, OrderStatus, OrderType, PlaceOrderInput, Side, TimeInForce
from tradegraph_command.columns import ORDERS
from tradegraph_command.connection import DONE, REFUSED, add_connection, complain, connected, find_account
from tradegraph_command.output import print_json, show_one

_POLL_SECONDS = 0.1
_TYPES = {
    (False, False): OrderType.MARKET,
    (True, False): OrderType.LIMIT,
    (False, True): OrderType.STOP,
    (True, True): OrderType.STOP_LIMIT,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("side", choices=("buy", "sell"), help="buy or sell")
    parser.add_argument("quantity", type=number, help="how many units")
    parser.add_argument("symbol", help="of which instrument")
    parser.add_argument("--account", metavar="ACCOUNT", help="the account, by id or name; needed if you see several")
    parser.add_argument("--limit", type=number, metavar="PRICE", help="the worst price (default: a market order)")
    parser.add_argument("--stop", type=number, metavar="PRICE", help="the price that triggers the order")
    parser.add_argument(
        "--tif",
        type=str.upper,
        choices=[word.value for word in TimeInForce if word != TimeInForce.GTD],
        default=TimeInForce.DAY.value,
        help="time in force (default: DAY)",
    )
    parser.add_argument("--post-only", action="store_true", help="refuse the order if it would take liquidity")
    parser.add_argument("--reduce-only", action="store_true", help="the order may only reduce a position")
    parser.add_argument("--strategy", metavar="NAME", help="a name of your own to group orders by")
    parser.add_argument(
        "--id", metavar="ID", help="an id of your own: repeating the command with it places nothing more"
    )
    parser.add_argument(
        "--check", action="store_true", help="only check if the order would be accepted, and show its cost"
    )
    parser.add_argument("--wait", action="store_true", help="wait until the venue has acknowledged or ended it")
    add_connection(parser)


def number(text: str) -> Decimal:
    """A decimal as it is typed.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not value.is_finite():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return value


def run(arguments: argparse.Namespace) -> int:
    """Place the order; a rejected one is printed, with the exit code of a refusal."""

    async def work(client: Client) -> int:
        account = await find_account(client, arguments.account)
        order = _order(arguments, account.id)
        if arguments.check:
            return await _check(client, order, as_json=arguments.json)
        placed: Order = (await client.place_order(order)).order
        while arguments.wait and placed.status == OrderStatus.PENDING_NEW:
            await asyncio.sleep(_POLL_SECONDS)
            placed = await client.get_order(id=placed.id) or placed
        show_one(placed, ORDERS, as_json=arguments.json)
        if placed.status == OrderStatus.REJECTED:
            complain(f"the order was rejected: {placed.reject_reason}: {placed.reject_message}")
            return REFUSED
        return DONE

    return connected(arguments, work)


def _order(arguments: argparse.Namespace, account_id: str) -> PlaceOrderInput:
    given = {"limit_price": arguments.limit, "stop_price": arguments.stop, "strategy": arguments.strategy}
    order = PlaceOrderInput(
        account_id=account_id,
        symbol=arguments.symbol,
        side=Side(arguments.side.upper()),
        quantity=arguments.quantity,
        type=_TYPES[arguments.limit is not None, arguments.stop is not None],
        time_in_force=TimeInForce(arguments.tif),
        post_only=arguments.post_only,
        reduce_only=arguments.reduce_only,
    )
    given["client_order_id"] = arguments.id
    return order.model_copy(update={name: value for name, value in given.items() if value is not None})


async def _check(client: Client, order: PlaceOrderInput, *, as_json: bool) -> int:
    check = await client.check_order(order)
    if as_json:
        print_json(check.model_dump(mode="json", by_alias=True))
    elif check.accepted:
        print(f"it would be accepted: reserves {check.reservation:f}, fee about {check.estimated_fee:f}")
    else:
        broken = [row.message for row in check.violations]
        complain("it would be refused: " + ("; ".join(broken) or f"it would reserve {check.reservation:f}"))
    return DONE if check.accepted else REFUSED
