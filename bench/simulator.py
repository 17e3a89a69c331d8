"""Quotes per second that the paper exchange takes, by number and kind of its resting orders.

    python -m bench.simulator [--quotes N] [--market-dir DIR]

The quotes are a seeded random walk, or the real ones of BTCUSDT-PERP when a market directory is given; making or
loading them is not part of the time. Each row is the best of three runs. "far" orders are never reached, "spread" ones
lie a tick apart around the first quote and fill as the market comes to them, "trailing" ones are never triggered but
move with every new extreme.
"""

import argparse
import random
import time
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path

from adapters.feeds.files import read_ticks
from domain.kernel.time import Nanos
from domain.market.types import QuoteTick
from domain.orders.exchange import Exchange, Order
from domain.orders.model.types import OrderType, Side

TICK = Decimal("0.1")
RUNS = 3
# What NautilusTrader's compiled engine took on the machine where this began, loading apart: by resting orders. It is
# not part of a run, so it is no limit of the same moment but a fixed mark.
NAUTILUS = {0: 221_000, 100: 85_000, 1_000: 10_600}
NAUTILUS_NAME = "NautilusTrader's engine, a fixed mark"
RESTING = tuple(NAUTILUS)
FAR = Decimal(20_000)


def walk(count: int) -> list[QuoteTick]:
    """Quotes of a random walk, one tick wide, with sizes."""
    chance = random.Random(7)
    ticks, bid = [], 618_000
    for at in range(count):
        bid += chance.choice((-1, 0, 0, 0, 0, 1))
        bid_size, ask_size = (Decimal(chance.randint(1, 5_000)).scaleb(-3) for _ in range(2))
        ticks.append(QuoteTick("X", Nanos(at), bid * TICK, (bid + 1) * TICK, bid_size, ask_size))
    return ticks


def recorded(market_dir: Path) -> list[QuoteTick]:
    """All quotes of the perpetual."""
    path = market_dir / "quotes" / "btcusdt_perp_binance_20240808.csv.gz"
    return [tick for tick in read_ticks(path) if isinstance(tick, QuoteTick)]


def far(count: int, middle: Decimal) -> Iterator[Order]:
    """Limits that no quote comes near."""
    for number in range(count):
        side = Side.BUY if number % 2 else Side.SELL
        price = middle - side.sign * (FAR + number * TICK)
        yield Order(id=number, account=0, side=side, type=OrderType.LIMIT, quantity=Decimal(1), limit_price=price)


def spread(count: int, middle: Decimal) -> Iterator[Order]:
    """Limits one tick apart on both sides of the market."""
    for number in range(count):
        side = Side.BUY if number % 2 else Side.SELL
        price = middle - side.sign * (number // 2 + 1) * TICK
        yield Order(id=number, account=0, side=side, type=OrderType.LIMIT, quantity=Decimal(1), limit_price=price)


def trailing(count: int, _: Decimal) -> Iterator[Order]:
    """Trailing stops that move with the market and are never reached."""
    for number in range(count):
        side = Side.BUY if number % 2 else Side.SELL
        offset = FAR + number * TICK
        yield Order(
            id=number,
            account=0,
            side=side,
            type=OrderType.TRAILING_STOP,
            quantity=Decimal(1),
            trailing_offset=offset,
        )


def quotes_per_second(ticks: Sequence[QuoteTick], orders: Sequence[Order]) -> tuple[float, int]:
    """Rate of the best run, and how many reports a run gave."""
    best, reports = 0.0, 0
    for _ in range(RUNS):
        venue = Exchange(TICK)
        venue.on_quote(ticks[0])
        for order in orders:
            venue.submit(order, ticks[0].at)
        reports = 0
        started = time.perf_counter()
        for tick in ticks:
            reports += len(venue.on_quote(tick))
        best = max(best, len(ticks) / (time.perf_counter() - started))
    return best, reports


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Quotes per second of the paper exchange.")
    parser.add_argument("--quotes", type=int, default=60_000, help="length of the random walk")
    parser.add_argument("--market-dir", type=Path, help="use the recorded quotes of BTCUSDT-PERP instead")
    arguments = parser.parse_args()
    ticks = walk(arguments.quotes) if arguments.market_dir is None else recorded(arguments.market_dir)
    first = ticks[0].bid
    assert first is not None
    kinds: dict[str, Callable[[int, Decimal], Iterator[Order]]] = {"far": far, "spread": spread, "trailing": trailing}
    print(f"{len(ticks):,} quotes")
    print(f"{'resting':>8}  {'kind':<9} {'quotes/s':>10} {'reports':>8}")
    for count in RESTING:
        for kind, make in kinds.items() if count else [("-", far)]:
            rate, reports = quotes_per_second(ticks, list(make(count, first)))
            print(f"{count:>8,}  {kind:<9} {rate:>10,.0f} {reports:>8,}")


if __name__ == "__main__":
    main()
