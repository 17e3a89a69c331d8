"""Rule 8: trailing stops."""

from decimal import Decimal

import pytest

from domain.orders.exchange.trailing import favourable, tick_quantum, trail
from domain.orders.model.types import OffsetKind, OrderType, Side, TriggerPrice
from tests.support.exchange import buy, exchange, fills, order, quote, said, sell, trade


@pytest.mark.parametrize(
    ("tick_size", "quantum"), [("0.01", "0.01"), ("0.25", "0.01"), ("0.10", "0.1"), ("5", "1"), ("10", "1"), ("1", "1")]
)
def test_the_decimals_of_a_tick(tick_size, quantum):
    assert tick_quantum(Decimal(tick_size)) == Decimal(quantum)


@pytest.mark.parametrize(
    ("side", "price", "offset", "kind", "stop"),
    [
        (Side.SELL, "100", "1.5", OffsetKind.PRICE, "98.50"),
        (Side.BUY, "100", "1.5", OffsetKind.PRICE, "101.50"),
        (Side.SELL, "100", "3", OffsetKind.TICKS, "99.25"),
        (Side.BUY, "100", "3", OffsetKind.TICKS, "100.75"),
        (Side.SELL, "61839.70", "2", OffsetKind.BASIS_POINTS, "61827.33"),
        (Side.BUY, "61839.70", "2", OffsetKind.BASIS_POINTS, "61852.07"),
        # A tie goes to the even digit.
        (Side.SELL, "100.50", "1", OffsetKind.BASIS_POINTS, "100.49"),
        (Side.SELL, "50.00", "1", OffsetKind.BASIS_POINTS, "50.00"),
        (Side.SELL, "150.00", "1", OffsetKind.BASIS_POINTS, "149.98"),
    ],
)
def test_where_the_stop_stands(side, price, offset, kind, stop):
    quantum = tick_quantum(Decimal("0.25"))
    found = trail(side, Decimal(price), Decimal(offset), kind, tick_size=Decimal("0.25"), quantum=quantum)
    assert str(found) == stop


def test_only_favourable_moves():
    low, high = Decimal(1), Decimal(2)
    assert favourable(Side.SELL, low, high) == favourable(Side.SELL, high, low) == high
    assert favourable(Side.BUY, low, high) == favourable(Side.BUY, high, low) == low
    assert favourable(Side.BUY, None, high) == high


class TestTrailingStop:
    def test_a_sell_follows_the_bid_up_and_never_down(self):
        venue = exchange(quote(1, "100", "100.2"))
        accepted = venue.submit(sell("a", OrderType.TRAILING_STOP, "4", trailing_offset="1"), 2)
        assert said(accepted) == ["a Accepted quantity 4 limit None stop 99.0"]
        assert said(venue.on_quote(quote(3, "101", "101.2"))) == ["a TrailMoved stop 100.0 limit None"]
        assert venue.on_quote(quote(4, "100.5", "100.7")) == []
        assert venue.on_quote(quote(5, "101", "101.2")) == []
        assert said(venue.on_quote(quote(6, "99.5", "99.7"))) == ["a Triggered at 99.5", "a Filled 4 @ 99.5 TAKER"]

    def test_a_buy_follows_the_ask_down(self):
        venue = exchange(quote(1, "100", "100.2"))
        venue.submit(buy("a", OrderType.TRAILING_STOP, "4", trailing_offset="1"), 2)
        assert said(venue.on_quote(quote(3, "99", "99.2"))) == ["a TrailMoved stop 100.2 limit None"]
        assert said(venue.on_quote(quote(4, "100", "100.2"))) == ["a Triggered at 100.2", "a Filled 4 @ 100.2 TAKER"]

    def test_it_is_matched_before_it_moves(self):
        venue = exchange(quote(1, "100", "100.2"))
        venue.submit(sell("a", OrderType.TRAILING_STOP, "15", stop_price="99.5", trailing_offset="1"), 2)
        assert fills(venue.on_quote(quote(3, "99.5", "99.7"))) == ["a 10 @ 99.5 TAKER"]
        assert said(venue.on_quote(quote(4, "103", "103.2"))) == ["a TrailMoved stop 102.0 limit None"]
        assert fills(venue.on_quote(quote(5, "101", "101.2"))) == ["a 5 @ 101 TAKER"]

    @pytest.mark.parametrize(
        ("stop", "stands_at"),
        [("99.8", None), ("98", "99.1")],
        ids=["nearer than the offset it stays", "farther than the offset it moves at the next event"],
    )
    def test_a_first_stop_may_be_given(self, stop, stands_at):
        venue = exchange(quote(1, "100", "100.2"))
        venue.submit(sell("a", OrderType.TRAILING_STOP, "4", stop_price=stop, trailing_offset="1"), 2)
        moved = venue.on_quote(quote(3, "100.1", "100.3"))
        assert said(moved) == ([] if stands_at is None else [f"a TrailMoved stop {stands_at} limit None"])

    def test_without_a_market_the_first_event_sets_the_stop(self):
        venue = exchange()
        assert said(venue.submit(sell("a", OrderType.TRAILING_STOP, "4", trailing_offset="1"), 1)) == [
            "a Accepted quantity 4 limit None stop None"
        ]
        assert said(venue.on_quote(quote(2, "100", "100.2"))) == ["a TrailMoved stop 99.0 limit None"]

    @pytest.mark.parametrize(
        ("trigger", "first", "moved"), [(TriggerPrice.LAST, None, "100.0"), (TriggerPrice.MID, "99.1", "99.6")]
    )
    def test_it_can_follow_last_or_mid(self, trigger, first, moved):
        venue = exchange(quote(1, "100", "100.2"))
        venue.submit(sell("a", OrderType.TRAILING_STOP, "4", trailing_offset="1", trigger_price=trigger), 2)
        assert venue.order("a").order.stop_price == (None if first is None else Decimal(first))
        reports = venue.on_trade(trade(3, "101")) + venue.on_quote(quote(4, "100.5", "100.7"))
        assert said(reports) == [f"a TrailMoved stop {moved} limit None"]


class TestActivation:
    def test_it_starts_once_touched(self):
        venue = exchange(quote(1, "100", "100.2"))
        terms = {"trailing_offset": "1", "activation_price": "102"}
        assert said(venue.submit(sell("a", OrderType.TRAILING_STOP, "4", **terms), 2)) == [
            "a Accepted quantity 4 limit None stop None"
        ]
        assert venue.on_quote(quote(3, "98", "98.2")) == []
        assert said(venue.on_quote(quote(4, "102", "102.2"))) == ["a TrailMoved stop 101.0 limit None"]
        assert fills(venue.on_quote(quote(5, "101", "101.2"))) == ["a 4 @ 101 TAKER"]

    def test_touched_on_arrival_it_starts_at_once(self):
        venue = exchange(quote(1, "100", "100.2"))
        terms = {"trailing_offset": "1", "activation_price": "100.5"}
        assert said(venue.submit(buy("a", OrderType.TRAILING_STOP, "4", **terms), 2)) == [
            "a Accepted quantity 4 limit None stop 101.2"
        ]

    def test_a_given_stop_sleeps_until_then_and_is_kept_when_better(self):
        venue = exchange(quote(1, "100", "100.2"))
        terms = {"trailing_offset": "3", "activation_price": "102", "stop_price": "99.5"}
        venue.submit(sell("a", OrderType.TRAILING_STOP, "4", **terms), 2)
        assert venue.on_quote(quote(3, "99", "99.2")) == []
        assert said(venue.on_quote(quote(4, "102", "102.2"))) == ["a TrailMoved stop 99.5 limit None"]
        assert fills(venue.on_quote(quote(5, "99.4", "99.6"))) == ["a 4 @ 99.4 TAKER"]


class TestTrailingStopLimit:
    def test_the_limit_trails_in_the_same_way(self):
        venue = exchange(quote(1, "100", "100.2"))
        terms = {"trailing_offset": "1", "limit_offset": "1.5"}
        assert said(venue.submit(sell("a", OrderType.TRAILING_STOP_LIMIT, "4", **terms), 2)) == [
            "a Accepted quantity 4 limit 98.5 stop 99.0"
        ]
        assert said(venue.on_quote(quote(3, "101", "101.2"))) == ["a TrailMoved stop 100.0 limit 99.5"]
        assert said(venue.on_quote(quote(4, "99", "99.2"))) == ["a Triggered at 99"]
        # Triggered it is a plain limit order: it trails no more.
        assert fills(venue.on_quote(quote(5, "105", "105.2"))) == ["a 4 @ 99.5 MAKER"]

    def test_triggered_before_any_limit_was_set_it_takes_the_price_that_triggers(self):
        venue = exchange()
        terms = {"trailing_offset": "1", "limit_offset": "0.5", "stop_price": "100"}
        venue.submit(sell("a", OrderType.TRAILING_STOP_LIMIT, "4", **terms), 1)
        assert said(venue.on_quote(quote(2, "99", "99.2"))) == [
            "a TrailMoved stop 100 limit 98.5",
            "a Triggered at 99",
            "a Filled 4 @ 99 TAKER",
        ]

    @pytest.mark.parametrize(
        ("kind", "offset", "limit_offset", "stop", "limit"),
        [
            (OffsetKind.TICKS, "10", "15", "101.2", "101.7"),
            (OffsetKind.BASIS_POINTS, "100", "150", "101.2", "101.7"),
        ],
    )
    def test_offsets_share_their_kind(self, kind, offset, limit_offset, stop, limit):
        venue = exchange(quote(1, "100", "100.2"))
        terms = {"trailing_offset": offset, "limit_offset": limit_offset, "trailing_offset_kind": kind}
        venue.submit(order("a", Side.BUY, OrderType.TRAILING_STOP_LIMIT, "4", **terms), 2)
        placed = venue.order("a").order
        assert (placed.stop_price, placed.limit_price) == (Decimal(stop), Decimal(limit))
