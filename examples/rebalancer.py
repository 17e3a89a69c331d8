"""A rebalancer: trades an account to the weights that it should have, once. Run it from cron.

python examples/rebalancer.py ACCOUNT BTC-USD=0.5 ETH-USD=0.3
"""

import sys
import time
from decimal import ROUND_DOWN, Decimal

from tradegraph_client import SyncClient, load_profile
from tradegraph_client import types as t

_ENDED = {t.OrderStatus.FILLED, t.OrderStatus.CANCELED, t.OrderStatus.REJECTED, t.OrderStatus.EXPIRED}
# Smaller differences are not worth their fees.
_LEAST_SHARE = Decimal("0.005")


def orders_to(desk: SyncClient, account_id: str, weights: dict[str, Decimal]) -> list[t.PlaceOrderInput]:
    """The market orders that bring the account to the weights, sells first, so that they pay for the buys."""
    account = desk.get_account(id=account_id)
    if account is None:
        raise SystemExit(f"there is no account {account_id}")
    held = {row.symbol: row for row in desk.get_positions(account_id=account_id)}
    quotes = {row.symbol: row for row in desk.get_quotes(symbols=list(weights))}
    orders = []
    for symbol, weight in weights.items():
        instrument, quote = desk.get_instrument(symbol=symbol), quotes.get(symbol)
        if instrument is None or quote is None or not quote.bid or not quote.ask or quote.stale:
            raise SystemExit(f"{symbol} has no market now")
        price = (quote.bid + quote.ask) / 2 * instrument.multiplier
        missing = account.equity * weight - (held[symbol].market_value if symbol in held else 0)
        quantity = (abs(missing) / price / instrument.lot_size).to_integral_value(ROUND_DOWN) * instrument.lot_size
        if quantity and abs(missing) >= account.equity * _LEAST_SHARE:
            orders.append(
                t.PlaceOrderInput(
                    account_id=account_id,
                    symbol=symbol,
                    strategy="rebalancer",
                    side=t.Side.BUY if missing > 0 else t.Side.SELL,
                    type=t.OrderType.MARKET,
                    quantity=quantity,
                )
            )
    return sorted(orders, key=lambda order: order.side, reverse=True)


def rebalance(desk: SyncClient, account_id: str, weights: dict[str, Decimal]) -> list[t.Order]:
    """Place the orders one after the other, each when the one before it has ended; the orders as they ended."""
    ended = []
    for order in orders_to(desk, account_id, weights):
        placed: t.Order = desk.place_order(order).order
        while placed.status not in _ENDED:
            time.sleep(0.2)
            placed = desk.get_order(id=placed.id) or placed
        print(
            placed.side, placed.filled_quantity, placed.symbol, placed.status, placed.reject_message or "", flush=True
        )
        ended.append(placed)
    return ended


if __name__ == "__main__":
    with SyncClient(*load_profile()) as client:
        wanted = dict(pair.split("=", 1) for pair in sys.argv[2:])
        rebalance(client, sys.argv[1], {symbol: Decimal(weight) for symbol, weight in wanted.items()})
