"""A stop-loss guard: sees to it that every position of an account has a stop that closes all of it.

python examples/stop_loss_guard.py ACCOUNT [LOSS]

It may be killed and started at any time: the stops are kept by the server, and found again.
"""

import asyncio
import sys
from decimal import ROUND_DOWN, ROUND_UP, Decimal

from tradegraph_client import Client, RetryPolicy, load_profile
from tradegraph_client import types as t

_NAME = "stop-loss guard"


def stop_of(position: t.Position, loss: Decimal, tick: Decimal) -> t.PlaceOrderInput:
    """The stop that closes a position at a loss of this share of its price."""
    is_long = position.side == t.PositionSide.LONG
    price = position.average_price * (1 - loss if is_long else 1 + loss)
    return t.PlaceOrderInput(
        account_id=position.account.id,
        symbol=position.symbol,
        strategy=_NAME,
        side=t.Side.SELL if is_long else t.Side.BUY,
        type=t.OrderType.STOP,
        time_in_force=t.TimeInForce.GTC,
        reduce_only=True,
        quantity=abs(position.quantity),
        stop_price=(price / tick).to_integral_value(ROUND_DOWN if is_long else ROUND_UP) * tick,
    )


async def protect(desk: Client, position: t.Position, loss: Decimal) -> None:
    """Bring the stop of one position up to date: place it, or move the one that there is."""
    mine = t.OrderFilter(account_id=position.account.id, symbols=[position.symbol], strategy=_NAME, open=True)
    stops = [edge.node for edge in (await desk.get_orders(filter_=mine)).edges]
    instrument = await desk.get_instrument(symbol=position.symbol)
    if instrument is None or not position.quantity:
        # A stop ends with its position.
        return
    wanted = stop_of(position, loss, instrument.tick_size)
    if not stops:
        order = (await desk.place_order(wanted)).order
    elif (stops[0].quantity, stops[0].stop_price) != (wanted.quantity, wanted.stop_price):
        change = t.ModifyOrderInput(id=stops[0].id, quantity=wanted.quantity, stop_price=wanted.stop_price)
        order = (await desk.modify_order(change)).order
    else:
        return
    print(wanted.side, wanted.quantity, wanted.symbol, wanted.stop_price, order.reject_message or "", flush=True)


async def guard(desk: Client, account_id: str, loss: Decimal) -> None:
    """Follow all positions, and bring the stop of each up to date when its quantity or price has changed."""
    seen: dict[str, tuple[Decimal, Decimal]] = {}
    async for position in desk.watch_positions(account_id=account_id, interval_ms=250):
        state = (position.quantity, position.average_price)
        if seen.get(position.id) != state:
            await protect(desk, position, loss)
            seen[position.id] = state


async def main(account_id: str, loss: str = "0.05") -> None:
    """Run until it is stopped."""
    async with Client(*load_profile(), retry=RetryPolicy(patience_seconds=float("inf"))) as desk:
        await guard(desk, account_id, Decimal(loss))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
