"""Bars grow exactly as a recount of all prices says, however they are collected."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.numbers import ZERO
from domain.kernel.time import NANOS_PER_SECOND, Nanos
from domain.market.bars import LENGTH_SECONDS, BarBuilder, grown, print_of
from domain.market.sessions import TradingDay, rolling_day
from domain.market.types import Bar, BarInterval, BookTick, Quote, QuoteTick, Tick
from tests.support.market import MIDNIGHT, nanos, quote, trade

START = nanos("2024-08-08T23:58:00Z")
prices = st.decimals(min_value="-5", max_value="100", places=2)
sizes = st.decimals(min_value="0", max_value="10", places=3)
prints = st.lists(
    st.tuples(st.sampled_from("AB"), st.integers(0, 3 * 3_600 * NANOS_PER_SECOND), prices, sizes), max_size=40
)


def day_of(_symbol: str, at: Nanos) -> TradingDay:
    return rolling_day(MIDNIGHT, at)


def bucket(interval: BarInterval, at: int) -> int:
    """When the bar of an instant opens."""
    if interval is BarInterval.DAY:
        return at - at % (86_400 * NANOS_PER_SECOND)
    return at - at % (LENGTH_SECONDS[interval] * NANOS_PER_SECOND)


def recount(made: list[tuple[str, int, Decimal, Decimal]]) -> dict[tuple[str, BarInterval, int], Bar]:
    """Every bar from all prices that belong to it, in order of arrival."""
    found = {}
    for interval in BarInterval:
        for symbol, after, _, _ in made:
            at = bucket(interval, START + after)
            inside = [(p, s) for other, then, p, s in made if other == symbol and bucket(interval, START + then) == at]
            values = [price for price, _ in inside]
            found[symbol, interval, at] = Bar(
                symbol,
                interval,
                Nanos(at),
                values[0],
                max(values),
                min(values),
                values[-1],
                sum((size for _, size in inside), ZERO),
            )
    return found


@given(prints, st.lists(st.integers(0, 40), max_size=6))
def test_incremental_bars_equal_bars_computed_from_all_ticks(
    made: list[tuple[str, int, Decimal, Decimal]], cuts: list[int]
) -> None:
    builder, stored = BarBuilder(day_of), dict[tuple[str, BarInterval, int], Bar]()
    for index, (symbol, after, price, size) in enumerate([*made, ("", 0, ZERO, ZERO)]):
        if index in cuts or index == len(made):
            for bar in builder.take():
                key = (bar.symbol, bar.interval, int(bar.at))
                stored[key] = grown(stored[key], bar) if key in stored else bar
        if symbol:
            builder.add(symbol, Nanos(START + after), price, size)
    assert stored == recount(made)


def test_taking_bars_starts_new_ones() -> None:
    builder = BarBuilder(day_of)
    builder.add("A", START, Decimal(10), Decimal(2))
    assert len(builder) == len(BarInterval) == len(builder.take())
    assert builder.take() == []


def test_each_bar_length_opens_at_its_boundary() -> None:
    builder = BarBuilder(day_of)
    builder.add("A", nanos("2024-08-08T23:59:58.372181179Z"), Decimal(1), ZERO)
    assert {bar.interval: bar.at.isoformat() for bar in builder.take()} == {
        BarInterval.SECOND: "2024-08-08T23:59:58Z",
        BarInterval.MINUTE: "2024-08-08T23:59:00Z",
        BarInterval.FIVE_MINUTES: "2024-08-08T23:55:00Z",
        BarInterval.FIFTEEN_MINUTES: "2024-08-08T23:45:00Z",
        BarInterval.HOUR: "2024-08-08T23:00:00Z",
        BarInterval.DAY: "2024-08-08T00:00:00Z",
    }


ONLY_QUOTED = Quote("A", START, bid=Decimal("1.5"), ask=Decimal("1.7"))
TRADED = Quote("A", START, bid=Decimal("1.5"), ask=Decimal("1.7"), last=Decimal("1.6"))


@pytest.mark.parametrize(
    ("tick", "after", "traded", "expected"),
    [
        (trade("A", START, "1.6", 3), TRADED, 3, ("1.6", 3)),
        (quote("A", START, "1.5", "1.7"), ONLY_QUOTED, 0, ("1.6", 0)),  # the middle, where nothing ever trades
        (quote("A", START, "1.5", "1.7"), TRADED, 0, None),
        (quote("A", START, last="1.6", last_size="3"), TRADED, 3, ("1.6", 3)),
        (quote("A", START, last="1.6"), TRADED, 0, ("1.6", 0)),
        (quote("A", START, volume="9"), TRADED, 4, ("1.6", 4)),
        (quote("A", START, volume="9"), ONLY_QUOTED, 4, None),  # traded, but nobody says at what price
        (quote("A", START, volume="0"), ONLY_QUOTED, 0, None),
        (quote("A", START, volume="0"), Quote("A", START), 0, None),
        (BookTick("A", START, True), TRADED, 0, None),
    ],
)
def test_each_kind_of_tick_changes_a_bar_by_its_rule(
    tick: Tick, after: Quote, traded: int, expected: tuple[str, int] | None
) -> None:
    wanted = None if expected is None else (Decimal(expected[0]), Decimal(expected[1]))
    assert print_of(tick, after, Decimal(traded)) == wanted


def test_one_sided_quotes_count_with_their_only_side() -> None:
    tick = QuoteTick("A", START, bid=Decimal("1.5"))
    assert print_of(tick, Quote("A", START, bid=Decimal("1.5")), ZERO) == (Decimal("1.5"), ZERO)
