"""Rule 8: trailing stops."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders.exchange.trailing import TickGrid, favourable, trail
from domain.orders.model.types import OffsetKind, OrderType, Side, TriggerPrice
from tests.support.exchange import buy, exchange, fills, order, quote, said, sell, trade


@pytest.mark.parametrize(
    ("tick_size", "price", "below", "above"),
    [
        # A power of ten takes the nearest price, half to even, on either side of the market.
        ("0.01", "61827.3321", "61827.33", "61827.33"),
        ("0.01", "49.995", "50", "50"),
        ("0.01", "100.485", "100.48", "100.48"),
        ("1", "-2.5", "-2", "-2"),
        ("10", "4974", "4970", "4970"),
        ("10", "4975", "4980", "4980"),
        ("1E-2", "0.005", "0", "0"),
        # Any other takes the next one, away from the market.
        ("0.25", "4983.6", "4983.5", "4983.75"),
        ("0.25", "4983.5", "4983.5", "4983.5"),
        ("0.25", "-37.6", "-37.75", "-37.5"),
        ("0.25", "-0.1", "-0.25", "0"),
        ("0.25", "0.1", "0", "0.25"),
        ("0.25", "0", "0", "0"),
        ("0.005", "1.2349", "1.23", "1.235"),
        ("5", "-12", "-15", "-10"),
        ("0.03", "1", "0.99", "1.02"),
        ("0.015625", "110.34", "110.328125", "110.34375"),
    ],
)
def test_snapped_prices_lie_on_the_tick_grid(tick_size, price, below, above):
    grid = TickGrid.of(Decimal(tick_size))
    assert grid.snap(Decimal(price), up=False) == Decimal(below)
    assert grid.snap(Decimal(price), up=True) == Decimal(above)


@pytest.mark.parametrize(
    ("side", "price", "offset", "kind", "stop"),
    [
        (Side.SELL, "100", "1.5", OffsetKind.PRICE, "98.5"),
        (Side.BUY, "100", "1.5", OffsetKind.PRICE, "101.5"),
        (Side.SELL, "5000", "16.4", OffsetKind.PRICE, "4983.5"),
        (Side.BUY, "5000", "16.4", OffsetKind.PRICE, "5016.5"),
        (Side.SELL, "5000", "0.1", OffsetKind.PRICE, "4999.75"),
        (Side.SELL, "100", "3", OffsetKind.TICKS, "99.25"),
        (Side.BUY, "100", "3", OffsetKind.TICKS, "100.75"),
        (Side.SELL, "5000", "1", OffsetKind.BASIS_POINTS, "4999.5"),
        (Side.BUY, "5001", "1", OffsetKind.BASIS_POINTS, "5001.75"),
        # The middle of a spread may lie between two prices.
        (Side.SELL, "100.125", "1", OffsetKind.TICKS, "99.75"),
        # Below zero, and at it.
        (Side.SELL, "-30", "100", OffsetKind.BASIS_POINTS, "-30.5"),
        (Side.BUY, "-30", "100", OffsetKind.BASIS_POINTS, "-29.5"),
        (Side.SELL, "0", "100", OffsetKind.BASIS_POINTS, "0"),
        (Side.SELL, "-30", "2", OffsetKind.TICKS, "-30.5"),
        (Side.BUY, "-30", "1.1", OffsetKind.PRICE, "-28.75"),
    ],
)
def test_a_trailing_stop_lies_on_the_grid_of_a_tick_that_is_no_power_of_ten(side, price, offset, kind, stop):
    found = trail(side, Decimal(price), Decimal(offset), kind, TickGrid.of(Decimal("0.25")))
    assert found == Decimal(stop)


@pytest.mark.parametrize(
    ("side", "price", "offset", "stop"),
    [
        (Side.SELL, "61839.70", "2", "61827.33"),
        (Side.BUY, "61839.70", "2", "61852.07"),
        # A tie goes to the even digit.
        (Side.SELL, "100.50", "1", "100.49"),
        (Side.SELL, "50.00", "1", "50.00"),
        (Side.SELL, "150.00", "1", "149.98"),
        (Side.SELL, "-37.63", "200", "-38.38"),
        (Side.BUY, "-37.63", "200", "-36.88"),
    ],
)
def test_a_trailing_stop_lies_on_the_grid_of_hundredths(side, price, offset, stop):
    found = trail(side, Decimal(price), Decimal(offset), OffsetKind.BASIS_POINTS, TickGrid.of(Decimal("0.01")))
    assert found == Decimal(stop)


@given(
    side=st.sampled_from(Side),
    tick_size=st.sampled_from(["0.01", "0.1", "1", "10", "0.25", "0.5", "0.05", "2.5", "0.015625", "3"]).map(Decimal),
    price=st.decimals("-10000", "10000", places=4),
    offset=st.decimals("0.0001", "5000", places=4),
    kind=st.sampled_from(OffsetKind),
)
def test_a_trailing_price_lies_on_the_grid_and_never_beyond_the_market(side, tick_size, price, offset, kind):
    grid = TickGrid.of(tick_size)
    offset = offset.to_integral_value() + 1 if kind is OffsetKind.TICKS else offset
    stop = trail(side, price, offset, kind, grid)
    assert stop % tick_size == 0
    away = stop - price if side is Side.BUY else price - stop
    # The nearest decimal price may be half a tick nearer than was asked for; no other grid comes nearer at all.
    assert away >= (-tick_size / 2 if grid.is_decimal else 0)
    asked = {OffsetKind.PRICE: offset, OffsetKind.TICKS: offset * tick_size}.get(kind, abs(price) * offset / 10_000)
    assert -tick_size / 2 <= away - asked < tick_size


def test_only_favourable_moves_change_a_trailing_stop():
    low, high = Decimal(1), Decimal(2)
    assert favourable(Side.SELL, low, high) == favourable(Side.SELL, high, low) == high
    assert favourable(Side.BUY, low, high) == favourable(Side.BUY, high, low) == low
    assert favourable(Side.BUY, None, high) == high


class TestTrailingStop:
    def test_a_sell_stop_follows_the_bid_up_and_never_down(self):
        venue = exchange(quote(1, "100", "100.2"))
        accepted = venue.submit(sell("a", OrderType.TRAILING_STOP, "4", trailing_offset="1"), 2)
        assert said(accepted) == ["a Accepted quantity 4 limit None stop 99.0"]
        assert said(venue.on_quote(quote(3, "101", "101.2"))) == ["a TrailMoved stop 100.0 limit None"]
        assert venue.on_quote(quote(4, "100.5", "100.7")) == []
        assert venue.on_quote(quote(5, "101", "101.2")) == []
        assert said(venue.on_quote(quote(6, "99.5", "99.7"))) == ["a Triggered at 99.5", "a Filled 4 @ 99.5 TAKER"]

    def test_a_buy_stop_follows_the_ask_down(self):
        venue = exchange(quote(1, "100", "100.2"))
        venue.submit(buy("a", OrderType.TRAILING_STOP, "4", trailing_offset="1"), 2)
        assert said(venue.on_quote(quote(3, "99", "99.2"))) == ["a TrailMoved stop 100.2 limit None"]
        assert said(venue.on_quote(quote(4, "100", "100.2"))) == ["a Triggered at 100.2", "a Filled 4 @ 100.2 TAKER"]

    def test_a_trailing_stop_is_matched_before_it_moves(self):
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
    def test_a_trailing_stop_may_be_placed_with_a_first_stop_price(self, stop, stands_at):
        venue = exchange(quote(1, "100", "100.2"))
        venue.submit(sell("a", OrderType.TRAILING_STOP, "4", stop_price=stop, trailing_offset="1"), 2)
        moved = venue.on_quote(quote(3, "100.1", "100.3"))
        assert said(moved) == ([] if stands_at is None else [f"a TrailMoved stop {stands_at} limit None"])

    def test_the_first_event_sets_the_stop_price_of_an_order_placed_without_a_market(self):
        venue = exchange()
        assert said(venue.submit(sell("a", OrderType.TRAILING_STOP, "4", trailing_offset="1"), 1)) == [
            "a Accepted quantity 4 limit None stop None"
        ]
        assert said(venue.on_quote(quote(2, "100", "100.2"))) == ["a TrailMoved stop 99.0 limit None"]

    @pytest.mark.parametrize(
        ("trigger", "first", "moved"), [(TriggerPrice.LAST, None, "100.0"), (TriggerPrice.MID, "99.1", "99.6")]
    )
    def test_a_trailing_stop_can_follow_the_last_or_the_mid_price(self, trigger, first, moved):
        venue = exchange(quote(1, "100", "100.2"))
        venue.submit(sell("a", OrderType.TRAILING_STOP, "4", trailing_offset="1", trigger_price=trigger), 2)
        assert venue.order("a").order.stop_price == (None if first is None else Decimal(first))
        reports = venue.on_trade(trade(3, "101")) + venue.on_quote(quote(4, "100.5", "100.7"))
        assert said(reports) == [f"a TrailMoved stop {moved} limit None"]


class TestActivation:
    def test_a_trailing_stop_becomes_active_when_its_activation_price_is_touched(self):
        venue = exchange(quote(1, "100", "100.2"))
        terms = {"trailing_offset": "1", "activation_price": "102"}
        assert said(venue.submit(sell("a", OrderType.TRAILING_STOP, "4", **terms), 2)) == [
            "a Accepted quantity 4 limit None stop None"
        ]
        assert venue.on_quote(quote(3, "98", "98.2")) == []
        assert said(venue.on_quote(quote(4, "102", "102.2"))) == ["a TrailMoved stop 101.0 limit None"]
        assert fills(venue.on_quote(quote(5, "101", "101.2"))) == ["a 4 @ 101 TAKER"]

    def test_a_touched_activation_price_activates_the_order_on_arrival(self):
        venue = exchange(quote(1, "100", "100.2"))
        terms = {"trailing_offset": "1", "activation_price": "100.5"}
        assert said(venue.submit(buy("a", OrderType.TRAILING_STOP, "4", **terms), 2)) == [
            "a Accepted quantity 4 limit None stop 101.2"
        ]

    def test_a_given_stop_price_waits_for_activation_and_is_kept_when_better(self):
        venue = exchange(quote(1, "100", "100.2"))
        terms = {"trailing_offset": "3", "activation_price": "102", "stop_price": "99.5"}
        venue.submit(sell("a", OrderType.TRAILING_STOP, "4", **terms), 2)
        assert venue.on_quote(quote(3, "99", "99.2")) == []
        assert said(venue.on_quote(quote(4, "102", "102.2"))) == ["a TrailMoved stop 99.5 limit None"]
        assert fills(venue.on_quote(quote(5, "99.4", "99.6"))) == ["a 4 @ 99.4 TAKER"]


class TestTrailingStopLimit:
    def test_the_limit_price_trails_as_the_stop_price_does(self):
        venue = exchange(quote(1, "100", "100.2"))
        terms = {"trailing_offset": "1", "limit_offset": "1.5"}
        assert said(venue.submit(sell("a", OrderType.TRAILING_STOP_LIMIT, "4", **terms), 2)) == [
            "a Accepted quantity 4 limit 98.5 stop 99.0"
        ]
        assert said(venue.on_quote(quote(3, "101", "101.2"))) == ["a TrailMoved stop 100.0 limit 99.5"]
        assert said(venue.on_quote(quote(4, "99", "99.2"))) == ["a Triggered at 99"]
        # Triggered it is a plain limit order: it trails no more.
        assert fills(venue.on_quote(quote(5, "105", "105.2"))) == ["a 4 @ 99.5 MAKER"]

    def test_an_order_triggered_before_it_had_a_limit_takes_the_trigger_price(self):
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
    def test_the_limit_offset_has_the_type_of_the_trailing_offset(self, kind, offset, limit_offset, stop, limit):
        venue = exchange(quote(1, "100", "100.2"))
        terms = {"trailing_offset": offset, "limit_offset": limit_offset, "trailing_offset_kind": kind}
        venue.submit(order("a", Side.BUY, OrderType.TRAILING_STOP_LIMIT, "4", **terms), 2)
        placed = venue.order("a").order
        assert (placed.stop_price, placed.limit_price) == (Decimal(stop), Decimal(limit))

    @pytest.mark.parametrize(
        ("tick_size", "stop", "limit", "fill"),
        [("0.25", "4983.50", "4999.75", "4999.75"), ("0.1", "4983.6", "4999.9", "4999.9")],
    )
    def test_offsets_off_the_grid_are_snapped_and_nothing_fills_between_two_prices(self, tick_size, stop, limit, fill):
        venue = exchange(quote(1, "5000", "5000.5"), tick_size=tick_size)
        terms = {"trailing_offset": "16.4", "limit_offset": "0.1"}
        assert said(venue.submit(sell("a", OrderType.TRAILING_STOP_LIMIT, "4", **terms), 2)) == [
            f"a Accepted quantity 4 limit {limit} stop {stop}"
        ]
        venue.on_quote(quote(3, "4980", "4980.5"))
        assert fills(venue.on_quote(quote(4, "5001", "5001.5"))) == [f"a 4 @ {fill} MAKER"]

    def test_a_trailing_stop_limit_trails_a_market_below_and_through_zero(self):
        venue = exchange(quote(1, "-30", "-29"), tick_size="0.25")
        terms = {"trailing_offset": "100", "trailing_offset_kind": OffsetKind.BASIS_POINTS}
        assert said(venue.submit(sell("a", OrderType.TRAILING_STOP, "4", **terms), 2)) == [
            "a Accepted quantity 4 limit None stop -30.50"
        ]
        assert said(venue.on_quote(quote(3, "-10", "-9"))) == ["a TrailMoved stop -10.25 limit None"]
        assert said(venue.on_quote(quote(4, "30", "31"))) == ["a TrailMoved stop 29.50 limit None"]
        assert fills(venue.on_quote(quote(5, "-2", "-1"))) == ["a 4 @ -2 TAKER"]
