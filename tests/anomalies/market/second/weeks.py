"""Weeks of the second author."""

from collections.abc import Callable
from datetime import datetime, timedelta

from tests.anomalies.market.cases import Case
from tests.anomalies.market.second import markets, orders
from tests.anomalies.market.second.tape import Tape, Trader
from tests.anomalies.market.second.traders import live, traders_of

Plant = Callable[[Tape, list[Trader], datetime], Case]
# Each family, and how often it comes beside the others.
FAMILIES: tuple[tuple[Plant, int], ...] = (
    (markets.layering, 5), (markets.wash, 5), (markets.ramp, 4), (markets.ignition, 2), (markets.marking, 2),
    (markets.auction, 2), (markets.linked_markets, 2), (markets.ahead, 1), (orders.huge_order, 4),
    (orders.fat_finger, 2), (orders.runaway, 2), (orders.amending, 2), (orders.stuffing, 2), (orders.fleeting, 1),
    (orders.structuring, 2), (orders.emptied, 2), (orders.passing, 1), (orders.doubling, 2), (orders.streak, 1),
    (orders.drift, 1), (orders.spike, 1), (orders.silent, 1), (orders.frozen, 1),
)  # fmt: skip


def make(seed: int, weeks: int = 4, cases: int = 40) -> tuple[Tape, list[Case], int]:
    """Usual weeks, with so many cases in the last one that do not overlap for an account."""
    tape = Tape(seed, weeks)
    traders = traders_of(tape)
    live(tape, traders)
    random = tape.random
    pool = [plant for plant, times in FAMILIES for _ in range(times)]
    planted: list[Case] = []
    for index in random.permutation(len(pool))[:cases]:
        for _ in range(80):
            facts, books = list(tape.facts), [(dict(one.held), dict(one.cost), one.cash) for one in traders]
            day = tape.last_week + timedelta(days=int(random.integers(5)))
            made = pool[index](tape, traders, day)
            if not any(
                made.subjects & other.subjects and made.begins < other.ends and other.begins < made.ends
                for other in planted
            ):
                planted.append(made)
                break
            tape.facts = facts
            for trader, (held, cost, cash) in zip(traders, books, strict=True):
                trader.held, trader.cost, trader.cash = held, cost, cash
    tape.facts.sort(key=lambda fact: fact.at)
    return tape, planted, len(traders)
