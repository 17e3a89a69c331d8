"""The merging of quotes, days and volumes, staleness, and conflated watching."""

import asyncio
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, cast

import pytest

from domain.kernel.time import NANOS_PER_SECOND, Nanos
from domain.market.bars import print_of
from domain.market.board import QuoteBoard
from domain.market.clocks import REPLAY, ClockBounds
from domain.market.sessions import TradingDay, rolling_day
from domain.market.types import BookTick, Quote, QuoteTick, RestatedQuote, StreamTick, Tick
from tests.support.market import MIDNIGHT, nanos, quote, trade
from tests.support.waiting import take

NOON = nanos("2024-08-08T12:00:00Z")
DAY = 86_400 * NANOS_PER_SECOND


def day_of(_symbol: str, at: Nanos) -> TradingDay:
    return rolling_day(MIDNIGHT, at)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now * NANOS_PER_SECOND


def board(clock: Clock | None = None) -> QuoteBoard:
    return QuoteBoard(day_of, ClockBounds(stale_after_seconds=30), clock=clock or Clock())


def after(*ticks: StreamTick) -> Quote:
    """The quote after ticks that were received when they were made."""
    kept = board()
    for tick in ticks:
        kept.apply(tick, tick.at)
    found = kept.get("A")
    assert found is not None
    return found


def played(tick: Any, run: str = "1") -> Any:
    """The same tick of a replay."""
    return replace(tick, source=f"{REPLAY}{run}")


def test_a_restated_quote_is_the_previous_close_of_the_next_day() -> None:
    old = quote("A", NOON, "699", "701", last="700")
    restated = RestatedQuote("A", Nanos(NOON), Decimal("99.5"), Decimal("100.5"), last=Decimal(100))
    found = after(old, restated)
    assert (found.bid, found.ask, found.last, found.at) == (Decimal("99.5"), Decimal("100.5"), Decimal(100), NOON)
    assert print_of(restated, found, Decimal(0)) is None
    # The same again says no more, and after the market has moved on it is about the close before only.
    tomorrow = quote("A", NOON + DAY, "101", "102")
    for ticks in ((old, restated, tomorrow), (old, restated, restated, tomorrow), (old, tomorrow, restated)):
        assert after(*ticks).previous_close == Decimal(100)
        assert after(*ticks).bid == Decimal(101)


def test_a_quote_tick_sets_best_prices_and_a_trade_tick_the_last_price() -> None:
    found = after(quote("A", NOON, "1", "2", bid_size="5", ask_size="6"), trade("A", NOON + 1, "1.5", 7))
    assert found == Quote(
        "A",
        Nanos(NOON + 1),
        bid=Decimal(1),
        ask=Decimal(2),
        bid_size=Decimal(5),
        ask_size=Decimal(6),
        last=Decimal("1.5"),
        last_size=Decimal(7),
        volume=Decimal(7),
    )
    assert after(quote("A", NOON, "1", "2"), trade("A", NOON, "1.5", 7), quote("A", NOON + 2, "3", "4")) == Quote(
        "A",
        Nanos(NOON + 2),
        bid=Decimal(3),
        ask=Decimal(4),
        last=Decimal("1.5"),
        last_size=Decimal(7),
        volume=Decimal(7),
    )


def test_absent_fields_of_a_tick_stay_and_a_price_replaces_its_size() -> None:
    found = after(
        quote("A", NOON, "1", "2", bid_size="5", ask_size="6", last="1.5", last_size="2"), quote("A", NOON, bid="1.1")
    )
    assert (found.bid, found.bid_size) == (Decimal("1.1"), None)
    assert (found.ask, found.ask_size) == (Decimal(2), Decimal(6))
    assert (found.last, found.last_size, found.volume) == (Decimal("1.5"), Decimal(2), Decimal(2))


def test_order_book_changes_do_not_change_the_quote() -> None:
    kept = board()
    assert kept.apply(BookTick("A", NOON, True, ((Decimal(1), Decimal(1)),)), NOON) is None
    assert kept.get("A") is None
    assert kept.is_stale("A")


@pytest.mark.parametrize(
    ("ticks", "volume", "traded"),
    [
        ([quote("A", NOON, last="1", last_size="5")], 5, 5),
        ([quote("A", NOON, last="1", last_size="5"), trade("A", NOON, 1, 2)], 7, 2),
        # A volume is of the whole day so far: only its growth was traded just now.
        ([quote("A", NOON, last="1", volume="100")], 100, 0),
        ([quote("A", NOON, last="1", last_size="5", volume="100")], 100, 5),
        ([quote("A", NOON, volume="100"), quote("A", NOON, last="1", volume="130")], 130, 30),
        ([quote("A", NOON, volume="100"), quote("A", NOON, last="1", volume="90")], 90, 0),
        ([quote("A", NOON, volume="100"), quote("A", NOON + DAY, last="1", volume="40")], 40, 40),
        ([trade("A", NOON, 1, 2), trade("A", NOON + DAY, 1, 3)], 3, 3),
        ([trade("A", NOON, 1, 2), quote("A", NOON, "1", "2")], 2, 0),
    ],
)
def test_volumes_add_up_within_a_day(ticks: list[Tick], volume: int, traded: int) -> None:
    kept = board()
    changes = [kept.apply(tick, tick.at) for tick in ticks]
    last = changes[-1]
    assert last is not None
    assert (last.quote.volume, last.traded) == (volume, traded)


@pytest.mark.parametrize(
    ("ticks", "previous_close"),
    [
        ([trade("A", NOON, 10), trade("A", NOON + 1, 11)], None),
        ([trade("A", NOON, 10), trade("A", NOON + 1, 11), trade("A", NOON + DAY, 12)], "11"),
        ([trade("A", NOON, 10), trade("A", NOON + DAY, 12), trade("A", NOON + DAY + 1, 13)], "10"),
        ([trade("A", NOON, 10), trade("A", NOON + 5 * DAY, 12)], "10"),  # over a weekend, or a long silence
        ([quote("A", NOON, "10", "11"), quote("A", NOON + DAY, "12", "13")], "10.5"),
        ([trade("A", NOON, 10), quote("A", NOON + DAY, "12", "13")], "10"),
        # A replay that goes back in time does not know what came before.
        ([trade("A", NOON, 10), played(trade("A", NOON - DAY, 9))], None),
        ([trade("A", NOON, 10), played(trade("A", NOON - DAY, 9)), played(trade("A", NOON, 12))], "9"),
        # A trade that comes a little after the first quote of a new day takes nothing away.
        ([quote("A", NOON, "10", "11"), quote("A", NOON + DAY, "12", "13"), trade("A", NOON + DAY // 3, 12)], "10.5"),
    ],
)
def test_the_previous_close_is_the_last_price_of_the_day_before(ticks: list[Tick], previous_close: str | None) -> None:
    assert after(*ticks).previous_close == (None if previous_close is None else Decimal(previous_close))


def test_a_restored_board_continues_without_a_difference() -> None:
    ticks: list[Tick] = [trade("A", NOON, 10, 2), trade("A", NOON + 1, 11, 3), trade("A", NOON + DAY, 12, 4)]
    for cut in range(len(ticks) + 1):
        first, second = board(), board()
        for tick in ticks[:cut]:
            first.apply(tick, tick.at)
        second.restore([kept for symbol in first.all() if (kept := first.kept(symbol)) is not None])
        for tick in ticks[cut:]:
            second.apply(tick, tick.at)
        assert second.get("A") == after(*ticks)


def test_staleness_is_measured_from_the_time_of_the_tick() -> None:
    clock = Clock()
    kept = board(clock)
    assert kept.is_stale("A")
    kept.apply(trade("A", 0, 1), 0)
    clock.now = 30
    assert not kept.is_stale("A")
    clock.now = 31
    assert kept.is_stale("A")
    # Old on arrival, then as old as it says.
    kept.apply(trade("A", 1, 1), 31 * NANOS_PER_SECOND)
    assert kept.is_stale("A")
    kept.apply(trade("A", 11 * NANOS_PER_SECOND, 1), 31 * NANOS_PER_SECOND)
    assert not kept.is_stale("A")
    assert kept.age("A") == timedelta(seconds=20)
    # A clock that is ahead makes nothing younger than its receipt.
    kept.apply(trade("A", 41 * NANOS_PER_SECOND, 1), 31 * NANOS_PER_SECOND)
    assert kept.age("A") == timedelta(0)
    clock.now = 62
    assert kept.is_stale("A")


def test_the_age_of_a_replayed_quote_is_measured_from_its_receipt() -> None:
    clock = Clock()
    kept = board(clock)
    clock.now = NOON // NANOS_PER_SECOND
    kept.apply(played(trade("A", 1, 1)), NOON)
    assert not kept.is_stale("A")
    assert kept.is_replayed("A")
    clock.now += 31
    assert kept.is_stale("A")


def test_a_side_that_is_no_longer_quoted_is_empty_and_the_other_stays() -> None:
    first = quote("A", NOON, "1", "2", bid_size="5", ask_size="6", last="1.5")
    found = after(first, QuoteTick("A", Nanos(NOON + 1), no_bid=True))
    assert (found.bid, found.bid_size, found.ask, found.ask_size, found.last) == (None, None, 2, 6, Decimal("1.5"))
    found = after(first, QuoteTick("A", Nanos(NOON + 1), bid=Decimal("1.1"), no_ask=True))
    assert (found.bid, found.ask, found.ask_size, found.mid) == (Decimal("1.1"), None, None, Decimal("1.1"))


async def test_a_watcher_gets_the_current_quote_and_then_changes() -> None:
    kept = board()
    kept.apply(trade("A", NOON, 1), NOON)
    kept.apply(trade("C", NOON, 9), NOON)
    async with aclosing(cast("Any", kept.watch(["A", "B"], 0))) as quotes:
        assert [(each.symbol, each.last) for each in await take(quotes, 1)] == [("A", 1)]
        kept.apply(trade("B", NOON, 2), NOON)
        kept.apply(trade("C", NOON, 9), NOON)
        kept.apply(trade("A", NOON, 3), NOON)
        assert [(each.symbol, each.last) for each in await take(quotes, 2)] == [("B", 2), ("A", 3)]


async def test_a_slow_watcher_gets_the_newest_quote_without_a_backlog() -> None:
    kept = board()
    kept.apply(trade("A", NOON, 0), NOON)
    kept.apply(trade("B", NOON, 0), NOON)
    async with aclosing(cast("Any", kept.watch(["A", "B"], 0))) as quotes:
        await take(quotes, 1)
        for price in range(1, 100):
            kept.apply(trade("A", NOON, price), NOON)
            kept.apply(trade("B", NOON, price), NOON)
        # B was about to be told as it had been: it is told as it is. A's newest follows, and then nothing.
        assert [(each.symbol, each.last) for each in await take(quotes, 2)] == [("B", 99), ("A", 99)]
        with pytest.raises(TimeoutError):
            await take(quotes, 1, timeout_seconds=0.05)


async def test_a_watcher_gets_at_most_one_update_per_interval() -> None:
    kept = board()
    kept.apply(trade("A", NOON, 0), NOON)
    async with aclosing(cast("Any", kept.watch(["A"], 0.2))) as quotes:
        clock = asyncio.get_running_loop().time
        await take(quotes, 1)
        begun = clock()
        for price in (1, 2, 3):
            kept.apply(trade("A", NOON, price), NOON)
        assert [each.last for each in await take(quotes, 1)] == [3]
        assert clock() - begun >= 0.19


async def test_a_watcher_that_left_is_removed() -> None:
    kept = board()
    kept.apply(trade("A", NOON, 0), NOON)
    async with aclosing(cast("Any", kept.watch(["A", "A"], 0))) as quotes:
        await take(quotes, 1)
        assert set(kept._watches) == {"A"}
    assert not kept._watches
