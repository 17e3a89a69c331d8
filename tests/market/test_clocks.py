"""The ticks that count, of live sources and of replays; processes with the same data agree."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.time import NANOS_PER_SECOND, Nanos
from domain.market.board import QuoteBoard
from domain.market.clocks import REPLAY, ClockBounds, TickClocks, counts_from
from domain.market.sessions import TradingDay, rolling_day
from domain.market.types import BookTick, QuoteTick, StreamTick, Tick
from tests.support.market import MIDNIGHT, nanos, quote, trade

NOON = nanos("2024-08-08T12:00:00Z")
SECOND = NANOS_PER_SECOND


def of(source: str, tick: Any) -> Any:
    """The same tick from another source."""
    return replace(tick, source=source)


def bid(second: float, source: str = "") -> QuoteTick:
    return QuoteTick("A", Nanos(NOON + int(second * SECOND)), bid=Decimal(1), source=source)


def taken(*ticks: Tick, received: int | None = None) -> list[bool]:
    clocks = TickClocks(ClockBounds(max_ahead_seconds=60))
    return [clocks.takes(tick, tick.at if received is None else received) for tick in ticks]


@pytest.mark.parametrize(
    ("ticks", "expected"),
    [
        ([bid(0), bid(1), bid(1), bid(0.5), bid(2)], [True, True, True, False, True]),
        # Each source has a clock of its own, as far as clocks differ.
        ([bid(5, "feed"), bid(3), bid(4), bid(2), bid(6, "feed")], [True, True, True, False, True]),
        ([bid(60, "feed"), bid(3), bid(55), bid(54)], [True, False, True, False]),
        # Quotes, trades and books come in streams of their own.
        ([bid(5), trade("A", NOON, 1), BookTick("A", NOON, True), trade("A", NOON - 1, 1)], [True, True, True, False]),
        # Symbols have nothing to do with each other.
        ([bid(5), quote("B", NOON, "1")], [True, True]),
        # A replay has its own time, and another one begins anew.
        ([bid(5), bid(0, "replay:1"), bid(1, "replay:1"), bid(0, "replay:1")], [True, True, True, False]),
        ([bid(5, "replay:1"), bid(0, "replay:2"), bid(1, "replay:1"), bid(0, "replay:2")], [True, True, True, True]),
        ([bid(5, "replay:1"), bid(0), bid(-1)], [True, True, False]),
    ],
)
def test_late_ticks_are_ignored(ticks: list[Tick], expected: list[bool]) -> None:
    assert taken(*ticks) == expected


@pytest.mark.parametrize(("ahead", "counts"), [(0, True), (60, True), (62, False)])
def test_a_tick_from_the_future_counts_within_the_bound(ahead: int, counts: bool) -> None:
    assert taken(bid(ahead), received=NOON) == [counts]
    # What is not taken does not make what follows late; a replay's time has no future.
    assert taken(bid(ahead), bid(1), received=NOON)[1] is (ahead <= 1 or not counts)
    assert taken(bid(ahead, f"{REPLAY}1"), received=NOON) == [True]


@pytest.mark.parametrize(
    ("second", "source", "received", "expected"),
    [(0, "", 7, 0), (7, "", 7, 7), (9, "", 7, 7), (0, "feed", 7, 0), (0, f"{REPLAY}1", 7, 7), (9, f"{REPLAY}1", 7, 7)],
)
def test_the_age_of_a_quote_counts_from_its_source_time_or_its_receipt(
    second: int, source: str, received: int, expected: int
) -> None:
    assert counts_from(bid(second, source), NOON + received * SECOND) == NOON + expected * SECOND


offsets = st.integers(0, 20)
sources = st.sampled_from(["", "feed", f"{REPLAY}1", f"{REPLAY}2"])
made = st.builds(
    lambda kind, second, source: of(source, kind(NOON + second * SECOND)),
    st.sampled_from([lambda at: quote("A", at, at, at + 1), lambda at: trade("A", at, at)]),
    offsets,
    sources,
)


def day_of(_symbol: str, at: Nanos) -> TradingDay:
    return rolling_day(MIDNIGHT, at)


def board() -> QuoteBoard:
    return QuoteBoard(day_of)


@given(st.lists(made, max_size=12))
def test_a_live_source_shows_its_newest_quote_and_trade_after_late_ticks(ticks: list[Tick]) -> None:
    kept = board()
    for tick in ticks:
        kept.apply(of("", tick), NOON + 20 * SECOND)
    found = kept.get("A")
    # Prices are their own times here.
    quoted = max((tick.at for tick in ticks if isinstance(tick, QuoteTick)), default=None)
    traded = max((tick.at for tick in ticks if not isinstance(tick, QuoteTick)), default=None)
    assert (None, None) if found is None else (found.bid, found.last) == (quoted, traded)
    assert found is None or found.at == max(tick.at for tick in ticks)


@given(st.lists(made, max_size=10), st.integers(0, 10))
def test_a_restarted_process_shows_the_same_market_from_stored_state(ticks: list[StreamTick], cut: int) -> None:
    whole, first, second = board(), board(), board()
    for tick in ticks:
        whole.apply(tick, NOON + 20 * SECOND)
    for tick in ticks[:cut]:
        first.apply(tick, NOON + 20 * SECOND)
    second.restore([stored for symbol in first.all() if (stored := first.kept(symbol)) is not None])
    for tick in ticks[cut:]:
        second.apply(tick, NOON + 20 * SECOND)
    assert second.kept("A") == whole.kept("A")
