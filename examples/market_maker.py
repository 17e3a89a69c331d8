"""A market maker: quotes both sides of a market around its middle, and follows it.

python examples/market_maker.py ACCOUNT SYMBOL [OFFSET] [SIZE]
"""

import asyncio
import sys
from decimal import Decimal

from tradegraph_client import Client, RetryPolicy, load_profile
from tradegraph_client import types as t


async def make_market(desk: Client, account: str, symbol: str, offset: Decimal, size: Decimal) -> None:
    """Keep one buy and one sell around the middle, whatever happens to the server or to this program."""
    quoted = None
    order = t.PlaceOrderInput(
        account_id=account, symbol=symbol, side=t.Side.BUY, type=t.OrderType.LIMIT, quantity=size, strategy="maker"
    )
    async for quote in desk.watch_quotes(symbols=[symbol], interval_ms=250):
        # The server cancels the orders of an account that is not heard of for a minute.
        await desk.cancel_all_after(t.CancelAllAfterInput(account_id=account, seconds=60))
        middle = None if quote.stale or not quote.bid or not quote.ask else (quote.bid + quote.ask) / 2
        if middle == quoted:
            continue
        await desk.cancel_orders(t.CancelOrdersInput(account_id=account, symbol=symbol, strategy="maker"))
        quoted = middle
        if middle is not None:
            buy = order.model_copy(update={"limit_price": middle - offset, "post_only": True})
            sell = buy.model_copy(update={"limit_price": middle + offset, "side": t.Side.SELL})
            for result in (await desk.place_orders(t.PlaceOrdersInput(orders=[buy, sell]))).results:
                print(result.order.side, result.order.limit_price, result.order.reject_message or "", flush=True)


async def main(account: str, symbol: str, offset: str = "0.10", size: str = "1") -> None:
    """Run until it is stopped."""
    async with Client(*load_profile(), retry=RetryPolicy(patience_seconds=float("inf"))) as desk:
        await make_market(desk, account, symbol, Decimal(offset), Decimal(size))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
