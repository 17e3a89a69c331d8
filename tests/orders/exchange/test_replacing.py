"""The allowed changes of a replace, their effect, and refused replaces, which change nothing."""

from decimal import Decimal

import pytest

from domain.orders.exchange import Changes, Holding
from domain.orders.model.types import OrderStatus, OrderType, Side, TimeInForce
from tests.support.exchange import bracket, buy, exchange, fills, order, quote, said, sell


def changes(**values):
    return Changes(**{name: value if name == "expires_at" else Decimal(value) for name, value in values.items()})


@pytest.fixture
def venue():
    return exchange(quote(1, "99.9", "100.1"))


class TestEffect:
    def test_a_moved_limit_rests_at_its_new_price(self, venue):
        venue.submit(buy("a", OrderType.LIMIT, "5", limit_price="99"), 2)
        assert said(venue.replace("a", changes(limit_price="98", quantity="7"), 3)) == [
            "a Replaced quantity 7 limit 98 stop None"
        ]
        assert fills(venue.on_quote(quote(4, "98.3", "98.5"))) == []
        assert fills(venue.on_quote(quote(5, "97.9", "98"))) == ["a 7 @ 98 MAKER"]

    def test_a_limit_moved_into_the_market_fills(self, venue):
        venue.submit(buy("a", OrderType.LIMIT, "15", limit_price="99"), 2)
        assert said(venue.replace("a", changes(limit_price="100.3"), 3)) == [
            "a Replaced quantity 15 limit 100.3 stop None",
            "a Filled 10 @ 100.1 TAKER",
        ]
        assert fills(venue.on_quote(quote(4, "100", "100.3"))) == ["a 5 @ 100.3 MAKER"]

    @pytest.mark.parametrize(
        ("side", "kind", "stop", "terms"),
        [
            (Side.BUY, OrderType.STOP, "101", {}),
            (Side.SELL, OrderType.STOP_LIMIT, "99", {"limit_price": "98"}),
            (Side.BUY, OrderType.MARKET_IF_TOUCHED, "99", {}),
        ],
    )
    def test_a_moved_stop_waits_at_its_new_price(self, venue, side, kind, stop, terms):
        venue.submit(order("a", side, kind, "5", stop_price=stop, **terms), 2)
        farther = "105" if stop == "101" else "95"
        venue.replace("a", changes(stop_price=farther), 3)
        assert venue.on_quote(quote(4, stop, stop)) == []
        assert said(venue.on_quote(quote(5, farther, farther)))[0] == f"a Triggered at {farther}"

    def test_a_replaced_expiry_counts(self, venue):
        terms = {"limit_price": "99", "time_in_force": TimeInForce.GTD, "expires_at": 10}
        venue.submit(buy("a", OrderType.LIMIT, "5", **terms), 2)
        venue.replace("a", changes(expires_at=5), 3)
        assert said(venue.on_quote(quote(5, "99.9", "100.1"))) == ["a Expired"]

    def test_a_quantity_down_to_what_is_filled_completes_the_order(self):
        venue = exchange(quote(1, "99.9", "100.1", ask_size="3"))
        venue.submit(buy("a", OrderType.LIMIT, "5", limit_price="100.1"), 2)
        reports = venue.replace("a", changes(quantity="3"), 3)
        assert said(reports) == ["a Replaced quantity 3 limit 100.1 stop None"]
        assert reports[0].status is OrderStatus.FILLED
        assert len(venue) == 0

    def test_a_changed_trailing_offset_is_measured_from_the_current_market(self, venue):
        venue.submit(sell("a", OrderType.TRAILING_STOP, "5", trailing_offset="1"), 2)
        venue.on_quote(quote(3, "101", "101.2"))
        venue.on_quote(quote(4, "100.5", "100.7"))
        assert said(venue.replace("a", changes(trailing_offset="2"), 5)) == [
            "a Replaced quantity 5 limit None stop 98.5"
        ]
        assert said(venue.on_quote(quote(6, "100.8", "101"))) == ["a TrailMoved stop 98.8 limit None"]

    def test_a_replaced_trailing_stop_price_continues_to_trail(self, venue):
        venue.submit(sell("a", OrderType.TRAILING_STOP, "5", trailing_offset="1"), 2)
        venue.on_quote(quote(3, "101", "101.2"))
        venue.replace("a", changes(stop_price="97"), 4)
        assert said(venue.on_quote(quote(5, "100.5", "100.7"))) == ["a TrailMoved stop 99.5 limit None"]

    def test_an_inactive_trailing_stop_stays_inactive_when_replaced(self, venue):
        terms = {"trailing_offset": "1", "activation_price": "102"}
        venue.submit(sell("a", OrderType.TRAILING_STOP, "5", **terms), 2)
        assert said(venue.replace("a", changes(trailing_offset="2"), 3)) == [
            "a Replaced quantity 5 limit None stop None"
        ]
        assert said(venue.on_quote(quote(4, "102", "102.2"))) == ["a TrailMoved stop 100.0 limit None"]

    def test_a_held_exit_accepts_new_prices(self, venue):
        venue.submit_group(
            bracket(buy("e", OrderType.LIMIT, "5", limit_price="99"), take_profit="101", stop_loss="97"), 2
        )
        assert said(venue.replace("tp", changes(limit_price="105"), 3)) == [
            "tp Replaced quantity 5 limit 105 stop None"
        ]
        assert venue.order("tp").status is OrderStatus.HELD

    def test_only_a_smaller_quantity_keeps_the_queue_priority(self, venue):
        for name in "abcd":
            venue.submit(buy(name, OrderType.LIMIT, "5", limit_price="99"), 2)
        venue.replace("a", changes(quantity="6"), 3)
        venue.replace("b", changes(quantity="4"), 3)
        venue.replace("c", changes(limit_price="99"), 3)
        assert [line[0] for line in fills(venue.on_quote(quote(4, "98.9", "99")))] == ["b", "d", "a", "c"]

    def test_a_reduce_only_order_grows_to_the_position_at_most(self, venue):
        venue.set_holding("acc", Holding.net(Decimal(5)))
        venue.submit(sell("a", OrderType.LIMIT, "3", limit_price="101", reduce_only=True), 2)
        assert said(venue.replace("a", changes(quantity="9"), 3)) == ["a Replaced quantity 5 limit 101 stop None"]


REFUSED = [
    (OrderType.LIMIT, {"limit_price": "99"}, {"stop_price": "101"}, "has no stop price"),
    (OrderType.LIMIT, {"limit_price": "99"}, {"trailing_offset": "1"}, "does not trail"),
    (OrderType.LIMIT, {"limit_price": "99"}, {"expires_at": 9}, "Only a GTD order"),
    (OrderType.LIMIT, {"limit_price": "99"}, {"quantity": "0"}, "QUANTITY_OUT_OF_RANGE"),
    (OrderType.STOP, {"stop_price": "101"}, {"limit_price": "99"}, "has no limit price"),
    (OrderType.STOP, {"stop_price": "101"}, {"stop_price": "100.1"}, "is already met by the market"),
    (OrderType.MARKET_IF_TOUCHED, {"stop_price": "99"}, {"stop_price": "100.1"}, "is already met by the market"),
    (OrderType.LIMIT, {"limit_price": "99", "post_only": True}, {"limit_price": "100.1"}, "POST_ONLY_WOULD_CROSS"),
]


class TestRefusal:
    @pytest.mark.parametrize(("kind", "terms", "asked", "why"), REFUSED)
    def test_a_refused_replace_changes_nothing(self, venue, kind, terms, asked, why):
        venue.submit(buy("a", kind, "5", **terms), 2)
        before = venue.snapshot()
        reports = venue.replace("a", changes(**asked), 3)
        assert len(reports) == 1
        assert said(reports)[0].startswith("a ReplaceRejected")
        assert why in said(reports)[0]
        assert venue.snapshot() == before

    def test_a_quantity_below_the_filled_quantity_is_refused(self):
        venue = exchange(quote(1, "99.9", "100.1", ask_size="3"))
        venue.submit(buy("a", OrderType.LIMIT, "5", limit_price="100.1"), 2)
        assert "QUANTITY_OUT_OF_RANGE" in said(venue.replace("a", changes(quantity="2"), 3))[0]

    def test_a_change_of_the_quantity_of_an_exit_is_refused(self, venue):
        venue.submit_group(
            bracket(buy("e", OrderType.LIMIT, "5", limit_price="99"), take_profit="101", stop_loss="97"), 2
        )
        assert "follows its entry" in said(venue.replace("tp", changes(quantity="2"), 3))[0]

    def test_a_change_of_the_stop_of_a_triggered_stop_limit_is_refused(self, venue):
        venue.submit(buy("a", OrderType.STOP_LIMIT, "5", stop_price="101", limit_price="100"), 2)
        venue.on_quote(quote(3, "101", "101.2"))
        assert "has been triggered" in said(venue.replace("a", changes(stop_price="105"), 4))[0]

    def test_a_larger_reduce_only_order_without_a_position_is_refused(self, venue):
        venue.set_holding("acc", Holding.net(Decimal(5)))
        venue.submit(sell("a", OrderType.LIMIT, "3", limit_price="101", reduce_only=True), 2)
        venue.set_holding("acc", Holding.net(Decimal(0)))
        assert "REDUCE_ONLY_WOULD_INCREASE" in said(venue.replace("a", changes(quantity="9"), 3))[0]


def test_a_reduce_only_limit_moved_into_the_market_closes_the_rest_of_the_position(venue):
    venue.set_holding("acc", Holding.net(Decimal(5)))
    venue.submit(sell("a", OrderType.LIMIT, "5", limit_price="101", reduce_only=True), 2)
    venue.set_holding("acc", Holding.net(Decimal(2)))
    assert said(venue.replace("a", changes(limit_price="99"), 3))[1:] == [
        "a Restated quantity 2 limit 99 REDUCE_ONLY",
        "a Filled 2 @ 99.9 TAKER",
    ]
