"""Rules 2 to 7 and 10: how one order meets the market."""

from decimal import Decimal

import pytest

from domain.orders.exchange import Holding
from domain.orders.model.types import OrderStatus, OrderType, PositionEffect, Side, TimeInForce, TriggerPrice
from tests.support.exchange import book, buy, exchange, fills, oco, order, quote, said, sell, trade

BIDS = [("99.9", "2"), ("99.8", "3"), ("99.5", "4")]
ASKS = [("100.1", "2"), ("100.2", "3"), ("100.5", "4")]


class TestMarket:
    @pytest.mark.parametrize(("side", "price"), [(Side.BUY, "100.1"), (Side.SELL, "99.9")])
    def test_a_market_order_trades_at_the_opposite_quote(self, side, price):
        reports = exchange(quote(1, "99.9", "100.1")).submit(order("a", side, OrderType.MARKET, "4"), 2)
        assert said(reports) == ["a Accepted quantity 4 limit None stop None", f"a Filled 4 @ {price} TAKER"]
        assert reports[-1].status is OrderStatus.FILLED

    def test_a_market_order_fills_the_shown_size_and_continues_at_later_events(self):
        venue = exchange(quote(1, "99.9", "100.1", ask_size="3"))
        assert fills(venue.submit(buy("a", OrderType.MARKET, "8"), 2)) == ["a 3 @ 100.1 TAKER"]
        assert fills(venue.on_quote(quote(3, "99.9", "100.4", ask_size="4"))) == ["a 4 @ 100.4 TAKER"]
        assert fills(venue.on_quote(quote(4, "99.9", "100.2"))) == ["a 1 @ 100.2 TAKER"]
        assert len(venue) == 0

    def test_a_market_order_walks_the_book_level_by_level(self):
        venue = exchange(book(1, BIDS, ASKS))
        assert fills(venue.submit(buy("a", OrderType.MARKET, "6"), 2)) == [
            "a 2 @ 100.1 TAKER",
            "a 3 @ 100.2 TAKER",
            "a 1 @ 100.5 TAKER",
        ]
        assert fills(venue.submit(sell("b", OrderType.MARKET, "4"), 3)) == ["b 2 @ 99.9 TAKER", "b 2 @ 99.8 TAKER"]

    def test_only_the_last_fill_of_an_event_is_marked_as_last(self):
        reports = exchange(book(1, BIDS, ASKS)).submit(buy("a", OrderType.MARKET, "4"), 2)
        assert [report.last_in_event for report in reports[1:]] == [False, True]
        assert [report.number for report in reports[1:]] == [1, 2]
        assert [report.remaining for report in reports[1:]] == [Decimal(2), Decimal(0)]

    @pytest.mark.parametrize("kind", [OrderType.MARKET, OrderType.MARKET_TO_LIMIT])
    def test_a_market_order_without_a_market_is_rejected(self, kind):
        venue = exchange()
        assert said(venue.submit(buy("a", kind, "1"), 1)) == ["a Rejected NO_MARKET_PRICE"]
        venue.on_quote(quote(2, "99.9", None))
        assert said(venue.submit(buy("b", kind, "1"), 3)) == ["b Rejected NO_MARKET_PRICE"]
        assert fills(venue.submit(sell("c", kind, "1"), 4)) == ["c 1 @ 99.9 TAKER"]

    def test_a_quote_without_a_size_fills_the_whole_order(self):
        venue = exchange(quote(1, "99.9", "100.1", bid_size=None, ask_size=None))
        assert fills(venue.submit(buy("a", OrderType.MARKET, "1000000"), 2)) == ["a 1000000 @ 100.1 TAKER"]

    def test_a_size_of_zero_fills_nothing(self):
        venue = exchange(quote(1, "99.9", "100.1", ask_size="0"))
        assert fills(venue.submit(buy("a", OrderType.MARKET, "1"), 2)) == []
        assert len(venue) == 1


class TestTimeInForce:
    @pytest.mark.parametrize(("kind", "terms"), [(OrderType.MARKET, {}), (OrderType.LIMIT, {"limit_price": "100.1"})])
    def test_immediate_or_cancel_takes_the_available_size_and_ends(self, kind, terms):
        venue = exchange(quote(1, "99.9", "100.1", ask_size="3"))
        reports = venue.submit(buy("a", kind, "8", time_in_force=TimeInForce.IOC, **terms), 2)
        assert said(reports)[1:] == ["a Filled 3 @ 100.1 TAKER", "a Canceled IMMEDIATE_OR_CANCEL"]
        assert len(venue) == 0

    def test_immediate_or_cancel_away_from_the_market_is_cancelled(self):
        reports = exchange(quote(1, "99.9", "100.1")).submit(
            buy("a", OrderType.LIMIT, "1", time_in_force=TimeInForce.IOC, limit_price="100"), 2
        )
        assert said(reports)[1:] == ["a Canceled IMMEDIATE_OR_CANCEL"]

    @pytest.mark.parametrize(
        ("quantity", "said_of_it"),
        [
            ("5", ["a Filled 2 @ 100.1 TAKER", "a Filled 3 @ 100.2 TAKER"]),
            ("6", ["a Canceled FILL_OR_KILL"]),
        ],
    )
    def test_fill_or_kill_needs_everything_within_its_limit(self, quantity, said_of_it):
        venue = exchange(book(1, BIDS, ASKS))
        terms = {"time_in_force": TimeInForce.FOK, "limit_price": "100.4"}
        assert said(venue.submit(buy("a", OrderType.LIMIT, quantity, **terms), 2))[1:] == said_of_it

    @pytest.mark.parametrize(("quantity", "filled"), [("9", 3), ("10", 0)])
    def test_fill_or_kill_at_market_needs_the_whole_book(self, quantity, filled):
        venue = exchange(book(1, BIDS, ASKS))
        reports = venue.submit(sell("a", OrderType.MARKET, quantity, time_in_force=TimeInForce.FOK), 2)
        assert len(fills(reports)) == filled
        assert len(venue) == 0

    def test_a_triggered_immediate_order_ends_in_the_event_that_triggers_it(self):
        venue = exchange(quote(1, "99.9", "100.1"))
        venue.submit(buy("ioc", OrderType.STOP, "20", stop_price="101", time_in_force=TimeInForce.IOC), 2)
        venue.submit(buy("fok", OrderType.STOP, "20", stop_price="101", time_in_force=TimeInForce.FOK), 2)
        terms = {"stop_price": "101", "limit_price": "100.5", "time_in_force": TimeInForce.IOC}
        venue.submit(buy("limit", OrderType.STOP_LIMIT, "1", **terms), 2)
        assert said(venue.on_quote(quote(3, "100.9", "101"))) == [
            "ioc Triggered at 101",
            "ioc Filled 10 @ 101 TAKER",
            "ioc Canceled IMMEDIATE_OR_CANCEL",
            "fok Triggered at 101",
            "fok Canceled FILL_OR_KILL",
            "limit Triggered at 101",
            "limit Canceled IMMEDIATE_OR_CANCEL",
        ]


class TestMarketToLimit:
    def test_the_rest_of_a_market_to_limit_order_rests_at_the_fill_price(self):
        venue = exchange(quote(1, "99.9", "100.1", ask_size="3"))
        reports = venue.submit(buy("a", OrderType.MARKET_TO_LIMIT, "8"), 2)
        assert said(reports)[1:] == [
            "a Filled 3 @ 100.1 TAKER",
            "a Restated quantity 8 limit 100.1 MARKET_TO_LIMIT",
        ]
        assert fills(venue.on_quote(quote(3, "99.9", "100.2"))) == []
        assert fills(venue.on_quote(quote(4, "99.8", "100"))) == ["a 5 @ 100.1 MAKER"]

    def test_a_market_to_limit_order_takes_the_best_level_only(self):
        venue = exchange(book(1, BIDS, ASKS))
        assert fills(venue.submit(buy("a", OrderType.MARKET_TO_LIMIT, "8"), 2)) == ["a 2 @ 100.1 TAKER"]
        assert venue.order("a").order.limit_price == Decimal("100.1")

    def test_an_immediate_or_cancel_market_to_limit_order_leaves_no_rest(self):
        venue = exchange(quote(1, "99.9", "100.1", ask_size="3"))
        reports = venue.submit(buy("a", OrderType.MARKET_TO_LIMIT, "8", time_in_force=TimeInForce.IOC), 2)
        assert said(reports)[1:] == ["a Filled 3 @ 100.1 TAKER", "a Canceled IMMEDIATE_OR_CANCEL"]

    def test_a_fill_or_kill_market_to_limit_order_needs_the_best_level(self):
        venue = exchange(book(1, BIDS, ASKS))
        reports = venue.submit(buy("a", OrderType.MARKET_TO_LIMIT, "3", time_in_force=TimeInForce.FOK), 2)
        assert said(reports)[1:] == ["a Canceled FILL_OR_KILL"]

    def test_a_market_to_limit_order_waits_while_no_size_is_shown(self):
        venue = exchange(quote(1, "99.9", "100.1", ask_size="0"))
        venue.submit(buy("a", OrderType.MARKET_TO_LIMIT, "3"), 2)
        assert said(venue.on_quote(quote(3, "99.9", "100.3", ask_size="1"))) == [
            "a Filled 1 @ 100.3 TAKER",
            "a Restated quantity 3 limit 100.3 MARKET_TO_LIMIT",
        ]


class TestLimit:
    def test_a_marketable_limit_takes_the_quote_and_its_rest_rests(self):
        venue = exchange(quote(1, "99.9", "100.1", ask_size="3"))
        assert fills(venue.submit(buy("a", OrderType.LIMIT, "8", limit_price="100.3"), 2)) == ["a 3 @ 100.1 TAKER"]
        assert fills(venue.on_quote(quote(3, "99.9", "100.2", ask_size="4"))) == ["a 4 @ 100.3 MAKER"]
        assert fills(venue.on_quote(quote(4, "99.9", "100.4"))) == []

    def test_a_marketable_limit_takes_every_level_up_to_its_limit(self):
        venue = exchange(book(1, BIDS, ASKS))
        assert fills(venue.submit(sell("a", OrderType.LIMIT, "9", limit_price="99.8"), 2)) == [
            "a 2 @ 99.9 TAKER",
            "a 3 @ 99.8 TAKER",
        ]
        assert venue.order("a").remaining == Decimal(4)

    def test_a_resting_limit_fills_at_its_limit_when_the_opposite_quote_touches_it(self):
        venue = exchange(quote(1, "99.9", "100.1"))
        venue.submit(buy("a", OrderType.LIMIT, "15", limit_price="100"), 2)
        assert venue.on_quote(quote(3, "100", "100.1")) == []
        assert fills(venue.on_quote(quote(4, "99.9", "100"))) == ["a 10 @ 100 MAKER"]
        assert fills(venue.on_quote(quote(5, "99.9", "99.95"))) == ["a 5 @ 100 MAKER"]

    def test_a_resting_limit_fills_through_all_levels_of_the_book(self):
        venue = exchange(book(1, BIDS, ASKS))
        venue.submit(buy("a", OrderType.LIMIT, "9", limit_price="100"), 2)
        lower = book(3, [], [("99.7", "2"), ("99.9", "3"), ("100", "1"), ("100.1", "5")])
        assert fills(venue.on_book(lower)) == ["a 2 @ 100 MAKER", "a 3 @ 100 MAKER", "a 1 @ 100 MAKER"]

    def test_a_limit_without_a_market_rests(self):
        venue = exchange()
        venue.submit(buy("a", OrderType.LIMIT, "1", limit_price="100"), 1)
        assert fills(venue.on_quote(quote(2, "99.9", "100"))) == ["a 1 @ 100 MAKER"]

    def test_each_order_fills_against_the_whole_shown_size(self):
        venue = exchange(quote(1, "99.9", "100.1"))
        for name in "abc":
            venue.submit(buy(name, OrderType.LIMIT, "10", limit_price="100", account=name), 2)
        assert fills(venue.on_quote(quote(3, "99.8", "100"))) == [f"{name} 10 @ 100 MAKER" for name in "abc"]


class TestPostOnly:
    def test_a_post_only_order_rests_or_is_rejected(self):
        venue = exchange(quote(1, "99.9", "100.1"))
        assert said(venue.submit(buy("a", OrderType.LIMIT, "1", limit_price="100.1", post_only=True), 2)) == [
            "a Rejected POST_ONLY_WOULD_CROSS"
        ]
        venue.submit(buy("b", OrderType.LIMIT, "1", limit_price="100", post_only=True), 2)
        assert fills(venue.on_quote(quote(3, "99.9", "100"))) == ["b 1 @ 100 MAKER"]

    def test_a_post_only_order_that_would_take_when_triggered_is_rejected(self):
        venue = exchange(quote(1, "99.9", "100.1"))
        terms = {"stop_price": "101", "limit_price": "101.5", "post_only": True}
        venue.submit(buy("a", OrderType.STOP_LIMIT, "1", **terms), 2)
        assert said(venue.on_quote(quote(3, "100.9", "101"))) == [
            "a Triggered at 101",
            "a Rejected POST_ONLY_WOULD_CROSS",
        ]
        assert len(venue) == 0


class TestReduceOnly:
    def test_a_reduce_only_order_without_a_position_is_rejected(self):
        venue = exchange(quote(1, "99.9", "100.1"))
        assert said(venue.submit(sell("a", OrderType.MARKET, "1", reduce_only=True), 2)) == [
            "a Rejected REDUCE_ONLY_WOULD_INCREASE"
        ]
        venue.submit(sell("short", OrderType.MARKET, "1"), 3)
        assert said(venue.submit(sell("b", OrderType.MARKET, "1", reduce_only=True), 4)) == [
            "b Rejected REDUCE_ONLY_WOULD_INCREASE"
        ]

    def test_a_reduce_only_order_above_the_position_is_reduced_to_it(self):
        venue = exchange(quote(1, "99.9", "100.1"))
        venue.submit(buy("long", OrderType.MARKET, "3"), 2)
        assert said(venue.submit(sell("a", OrderType.MARKET, "7", reduce_only=True), 3)) == [
            "a Accepted quantity 3 limit None stop None",
            "a Filled 3 @ 99.9 TAKER",
        ]
        assert venue.holding("acc").quantity == 0

    def test_a_resting_reduce_only_order_never_flips_the_position(self):
        venue = exchange(quote(1, "99.9", "100.1"))
        venue.submit(buy("long", OrderType.MARKET, "5"), 2)
        venue.submit(sell("a", OrderType.LIMIT, "5", limit_price="101", reduce_only=True), 3)
        venue.submit(sell("b", OrderType.LIMIT, "5", limit_price="102", reduce_only=True), 3)
        venue.submit(sell("by hand", OrderType.MARKET, "2"), 4)
        assert said(venue.on_quote(quote(5, "101", "101.1"))) == [
            "a Restated quantity 3 limit 101 REDUCE_ONLY",
            "a Filled 3 @ 101 MAKER",
            "b Canceled REDUCE_ONLY",
        ]
        assert venue.holding("acc").quantity == 0

    def test_positions_are_kept_per_account_and_can_be_set(self):
        venue = exchange(quote(1, "99.9", "100.1"))
        venue.submit(buy("long", OrderType.MARKET, "5", account="other"), 2)
        assert said(venue.submit(sell("a", OrderType.MARKET, "1", reduce_only=True), 3)) == [
            "a Rejected REDUCE_ONLY_WOULD_INCREASE"
        ]
        venue.set_holding("acc", Holding.net(Decimal("0.5")))
        assert fills(venue.submit(sell("b", OrderType.MARKET, "1", reduce_only=True), 3)) == ["b 0.5 @ 99.9 TAKER"]

    def test_a_reduce_only_order_reduces_the_other_leg_of_a_hedging_account(self):
        venue = exchange(quote(1, "99.9", "100.1"))
        venue.set_holding("acc", Holding(long=Decimal(2), short=Decimal(5), hedging=True))
        assert fills(venue.submit(buy("a", OrderType.MARKET, "9", reduce_only=True), 2)) == ["a 5 @ 100.1 TAKER"]
        venue.submit(buy("b", OrderType.MARKET, "3"), 3)
        venue.submit(sell("c", OrderType.MARKET, "1", position_effect=PositionEffect.CLOSE), 4)
        assert venue.holding("acc") == Holding(long=Decimal(4), short=Decimal(0), hedging=True)


STOPS = [
    # side, trigger, reached by, not yet at
    (Side.BUY, "101", ("100.9", "101"), ("100.8", "100.9")),
    (Side.SELL, "99", ("99", "99.1"), ("99.1", "99.2")),
]


class TestStops:
    @pytest.mark.parametrize(("side", "stop", "reached", "short_of_it"), STOPS)
    def test_a_triggered_stop_takes_the_prevailing_quote(self, side, stop, reached, short_of_it):
        venue = exchange(quote(1, "99.9", "100.1"))
        venue.submit(order("a", side, OrderType.STOP, "4", stop_price=stop), 2)
        assert venue.on_quote(quote(3, *short_of_it)) == []
        assert said(venue.on_quote(quote(4, *reached))) == [f"a Triggered at {stop}", f"a Filled 4 @ {stop} TAKER"]

    def test_a_stop_fills_beyond_its_price_after_a_gap(self):
        venue = exchange(quote(1, "99.9", "100.1"))
        venue.submit(buy("a", OrderType.STOP, "4", stop_price="101"), 2)
        assert fills(venue.on_quote(quote(3, "102.9", "103"))) == ["a 4 @ 103 TAKER"]

    def test_the_rest_of_a_stop_fills_only_while_the_market_is_beyond_the_stop(self):
        venue = exchange(quote(1, "99.9", "100.1"))
        venue.submit(buy("a", OrderType.STOP, "25", stop_price="101"), 2)
        assert said(venue.on_quote(quote(3, "100.9", "101"))) == ["a Triggered at 101", "a Filled 10 @ 101 TAKER"]
        assert venue.on_quote(quote(4, "100.8", "100.9")) == []
        assert said(venue.on_quote(quote(5, "101", "101.1"))) == ["a Filled 10 @ 101.1 TAKER"]

    @pytest.mark.parametrize(
        ("side", "kind", "terms"),
        [
            (Side.BUY, OrderType.STOP, {"stop_price": "100.1"}),
            (Side.SELL, OrderType.STOP, {"stop_price": "99.9"}),
            (Side.BUY, OrderType.STOP_LIMIT, {"stop_price": "100", "limit_price": "101"}),
            (Side.BUY, OrderType.MARKET_IF_TOUCHED, {"stop_price": "100.1"}),
            (Side.SELL, OrderType.LIMIT_IF_TOUCHED, {"stop_price": "99.9", "limit_price": "99"}),
            (Side.SELL, OrderType.TRAILING_STOP, {"stop_price": "99.9", "trailing_offset": "1"}),
        ],
    )
    def test_a_stop_that_the_market_has_passed_is_rejected_on_arrival(self, side, kind, terms):
        reports = exchange(quote(1, "99.9", "100.1")).submit(order("a", side, kind, "1", **terms), 2)
        assert said(reports) == ["a Rejected VENUE_REJECTED"]

    def test_a_stop_limit_is_a_plain_limit_once_triggered(self):
        venue = exchange(quote(1, "99.9", "100.1"))
        venue.submit(sell("a", OrderType.STOP_LIMIT, "15", stop_price="99", limit_price="98.8"), 2)
        assert said(venue.on_quote(quote(3, "98.9", "99.1"))) == ["a Triggered at 98.9", "a Filled 10 @ 98.9 TAKER"]
        assert venue.on_quote(quote(4, "98.7", "99")) == []
        assert fills(venue.on_quote(quote(5, "99.5", "99.6"))) == ["a 5 @ 98.8 MAKER"]

    def test_a_gap_beyond_a_stop_limit_triggers_it_and_it_rests(self):
        venue = exchange(quote(1, "99.9", "100.1"))
        venue.submit(sell("a", OrderType.STOP_LIMIT, "5", stop_price="99", limit_price="98.8"), 2)
        assert said(venue.on_quote(quote(3, "98", "98.1"))) == ["a Triggered at 98"]
        assert fills(venue.on_quote(quote(4, "98.8", "98.9"))) == ["a 5 @ 98.8 MAKER"]

    def test_trades_trigger_a_stop_on_the_last_price(self):
        venue = exchange(quote(1, "99.9", "100.1"))
        venue.submit(buy("a", OrderType.STOP, "4", stop_price="101", trigger_price=TriggerPrice.LAST), 2)
        assert venue.on_quote(quote(3, "101.9", "102")) == []
        assert venue.on_trade(trade(4, "100.9")) == []
        assert said(venue.on_trade(trade(5, "101"))) == ["a Triggered at 101", "a Filled 4 @ 102 TAKER"]

    def test_the_mid_price_triggers_a_stop_on_mid(self):
        venue = exchange(quote(1, "99.9", "100.1"))
        venue.submit(sell("a", OrderType.STOP, "4", stop_price="99.5", trigger_price=TriggerPrice.MID), 2)
        assert venue.on_quote(quote(3, "99", "100.1")) == []
        assert said(venue.on_quote(quote(4, "99", "100"))) == ["a Triggered at 99.5", "a Filled 4 @ 99 TAKER"]

    def test_an_unknown_price_triggers_no_stop(self):
        venue = exchange(quote(1, "99.9", "100.1"))
        venue.submit(buy("a", OrderType.STOP, "4", stop_price="1", trigger_price=TriggerPrice.LAST), 2)
        assert venue.on_quote(quote(3, "99.9", "100.1")) == []


class TestIfTouched:
    @pytest.mark.parametrize(
        ("side", "target", "touched_by", "price"),
        [(Side.BUY, "99", ("98.7", "98.9"), "98.9"), (Side.SELL, "101", ("101.2", "101.3"), "101.2")],
    )
    def test_a_market_if_touched_order_takes_the_quote_that_touched_it(self, side, target, touched_by, price):
        venue = exchange(quote(1, "99.9", "100.1"))
        venue.submit(order("a", side, OrderType.MARKET_IF_TOUCHED, "4", stop_price=target), 2)
        assert said(venue.on_quote(quote(3, *touched_by))) == [
            f"a Triggered at {price}",
            f"a Filled 4 @ {price} TAKER",
        ]

    def test_a_limit_if_touched_order_rests_after_the_touch(self):
        venue = exchange(quote(1, "99.9", "100.1"))
        venue.submit(sell("a", OrderType.LIMIT_IF_TOUCHED, "4", stop_price="101", limit_price="101.5"), 2)
        assert said(venue.on_quote(quote(3, "101", "101.1"))) == ["a Triggered at 101"]
        assert fills(venue.on_quote(quote(4, "101.5", "101.6"))) == ["a 4 @ 101.5 MAKER"]

    def test_the_rest_of_a_market_if_touched_order_fills_while_the_price_is_touched(self):
        venue = exchange(quote(1, "99.9", "100.1"))
        venue.submit(buy("a", OrderType.MARKET_IF_TOUCHED, "15", stop_price="99"), 2)
        assert fills(venue.on_quote(quote(3, "98.9", "99"))) == ["a 10 @ 99 TAKER"]
        assert venue.on_quote(quote(4, "99", "99.1")) == []
        assert fills(venue.on_quote(quote(5, "98.9", "98.95"))) == ["a 5 @ 98.95 TAKER"]


def test_an_oco_may_hold_a_limit_and_a_stop_around_the_market():
    venue = exchange(quote(1, "99.9", "100.1"))
    limit, stop = buy("l", OrderType.LIMIT, "4", limit_price="99"), buy("s", OrderType.STOP, "4", stop_price="101")
    venue.submit_group(oco(limit, stop), 2)
    assert said(venue.on_quote(quote(3, "101", "101.1"))) == [
        "s Triggered at 101.1",
        "s Filled 4 @ 101.1 TAKER",
        "l Canceled GROUP",
    ]
