"""Rule 11: brackets and OCOs, and what one order's change does to its group."""

from dataclasses import replace
from decimal import Decimal

import pytest

from domain.orders.exchange import Changes, Exchange
from domain.orders.model.types import OrderStatus, OrderType, TimeInForce
from tests.support.exchange import book, bracket, buy, exchange, fills, oco, quote, said, sell


def limit_entry(quantity="10", price="99", **terms):
    return buy("e", OrderType.LIMIT, quantity, limit_price=price, **terms)


def open_bracket(quantity="10", **terms):
    """A bracket whose entry rests at 99, exits at 101 and 97."""
    venue = exchange(quote(1, "99.9", "100.1"))
    reports = venue.submit_group(bracket(limit_entry(quantity, **terms), take_profit="101", stop_loss="97"), 2)
    assert said(reports) == [
        "tp Held",
        "sl Held",
        f"e Accepted quantity {quantity} limit 99 stop None",
    ]
    return venue


class TestBracket:
    def test_the_first_fill_releases_the_exits_and_one_done_exit_cancels_the_other(self):
        venue = exchange(quote(1, "99.9", "100.1"))
        entry = buy("e", OrderType.MARKET, "4")
        reports = venue.submit_group(bracket(entry, take_profit="101", stop_loss="99"), 2)
        assert said(reports) == [
            "tp Held",
            "sl Held",
            "e Accepted quantity 4 limit None stop None",
            "e Filled 4 @ 100.1 TAKER",
            "tp Released quantity 4",
            "sl Released quantity 4",
            "tp Accepted quantity 4 limit 101 stop None",
            "sl Accepted quantity 4 limit None stop 99",
        ]
        assert said(venue.on_quote(quote(3, "101", "101.1"))) == ["tp Filled 4 @ 101 MAKER", "sl Canceled GROUP"]
        assert len(venue) == 0
        assert venue.holding("acc").quantity == 0

    def test_a_filled_stop_cancels_the_target(self):
        venue = exchange(quote(1, "99.9", "100.1"))
        entry = sell("e", OrderType.MARKET, "4")
        venue.submit_group(bracket(entry, take_profit="99", stop_loss="101"), 2)
        assert said(venue.on_quote(quote(3, "100.9", "101"))) == [
            "sl Triggered at 101",
            "sl Filled 4 @ 101 TAKER",
            "tp Canceled GROUP",
        ]

    def test_exits_grow_with_the_fills_of_their_entry(self):
        venue = open_bracket("15")
        assert said(venue.on_quote(quote(3, "98.8", "99", ask_size="4"))) == [
            "e Filled 4 @ 99 MAKER",
            "tp Released quantity 4",
            "sl Released quantity 4",
            "tp Accepted quantity 4 limit 101 stop None",
            "sl Accepted quantity 4 limit None stop 97",
        ]
        assert said(venue.on_quote(quote(4, "98.8", "99", ask_size="5"))) == [
            "e Filled 5 @ 99 MAKER",
            "tp Restated quantity 9 limit 101 ENTRY_FILLED",
            "sl Restated quantity 9 limit None ENTRY_FILLED",
        ]

    def test_a_partial_fill_of_one_exit_reduces_the_other(self):
        venue = open_bracket("10")
        venue.on_quote(quote(3, "98.8", "99"))
        assert said(venue.on_quote(quote(4, "101", "101.2", bid_size="4"))) == [
            "tp Filled 4 @ 101 MAKER",
            "sl Restated quantity 6 limit None EXIT_FILLED",
        ]
        assert said(venue.on_quote(quote(5, "96.9", "97.1", bid_size="2"))) == [
            "sl Triggered at 96.9",
            "sl Filled 2 @ 96.9 TAKER",
            "tp Restated quantity 8 limit 101 EXIT_FILLED",
        ]
        assert said(venue.on_quote(quote(6, "101", "101.2"))) == ["tp Filled 4 @ 101 MAKER", "sl Canceled GROUP"]
        assert venue.holding("acc").quantity == 0

    def test_each_fill_over_several_book_levels_reduces_the_other_exit(self):
        venue = open_bracket("10")
        venue.on_quote(quote(3, "98.8", "99"))
        rising = book(4, [("101.2", "2"), ("101", "3")], [("101.5", "9")])
        assert said(venue.on_book(rising)) == [
            "tp Filled 2 @ 101 MAKER",
            "sl Restated quantity 8 limit None EXIT_FILLED",
            "tp Filled 3 @ 101 MAKER",
            "sl Restated quantity 5 limit None EXIT_FILLED",
        ]

    def test_cancelling_the_entry_cancels_the_exits(self):
        venue = open_bracket()
        assert said(venue.cancel("e", 3)) == ["e Canceled REQUESTED", "tp Canceled GROUP", "sl Canceled GROUP"]
        assert len(venue) == 0

    def test_cancelling_a_part_filled_entry_leaves_its_exits_working_for_the_filled_quantity(self):
        venue = open_bracket()
        venue.on_quote(quote(3, "98.8", "99", ask_size="4"))
        assert said(venue.cancel("e", 4)) == ["e Canceled REQUESTED"]
        assert {row.order.id: row.order.quantity for row in venue.open_orders()} == {"tp": 4, "sl": 4}

    def test_an_entry_that_expires_part_filled_leaves_its_exits_working(self):
        venue = exchange(quote(1, "99.9", "100.1", ask_size="4"))
        entry = buy("e", OrderType.MARKET, "10", time_in_force=TimeInForce.IOC)
        reports = venue.submit_group(bracket(entry, take_profit="101", stop_loss="99"), 2)
        assert said(reports)[3:] == [
            "e Filled 4 @ 100.1 TAKER",
            "tp Released quantity 4",
            "sl Released quantity 4",
            "e Canceled IMMEDIATE_OR_CANCEL",
            "tp Accepted quantity 4 limit 101 stop None",
            "sl Accepted quantity 4 limit None stop 99",
        ]

    def test_an_entry_that_expires_unfilled_ends_its_exits(self):
        venue = open_bracket(time_in_force=TimeInForce.GTD, expires_at=5)
        assert said(venue.on_quote(quote(5, "99.9", "100.1"))) == [
            "e Expired",
            "tp Canceled GROUP",
            "sl Canceled GROUP",
        ]

    def test_a_rejected_entry_rejects_the_group(self):
        venue = exchange()
        reports = venue.submit_group(bracket(buy("e", OrderType.MARKET, "1"), take_profit="101", stop_loss="99"), 1)
        assert said(reports) == [
            "tp Held",
            "sl Held",
            "e Rejected NO_MARKET_PRICE",
            "tp Rejected GROUP_REJECTED",
            "sl Rejected GROUP_REJECTED",
        ]

    def test_a_stop_beyond_the_market_is_rejected_and_the_target_stays(self):
        venue = exchange(quote(1, "99.9", "100.1"))
        entry = buy("e", OrderType.MARKET, "4")
        reports = venue.submit_group(bracket(entry, take_profit="101", stop_loss="99.9"), 2)
        assert said(reports)[-2:] == ["tp Accepted quantity 4 limit 101 stop None", "sl Rejected VENUE_REJECTED"]
        assert len(venue) == 1

    def test_a_marketable_target_fills_at_once_and_ends_the_bracket(self):
        venue = exchange(quote(1, "99.9", "100.1"))
        entry = buy("e", OrderType.MARKET, "4")
        reports = venue.submit_group(bracket(entry, take_profit="99.5", stop_loss="99"), 2)
        assert said(reports)[-3:] == [
            "tp Accepted quantity 4 limit 99.5 stop None",
            "tp Filled 4 @ 99.9 TAKER",
            "sl Canceled GROUP",
        ]
        assert len(venue) == 0

    def test_a_complete_exit_cancels_the_rest_of_its_entry(self):
        venue = open_bracket()
        venue.on_quote(quote(3, "98.8", "99", ask_size="4"))
        assert said(venue.on_quote(quote(4, "101", "101.1"))) == [
            "tp Filled 4 @ 101 MAKER",
            "e Canceled GROUP",
            "sl Canceled GROUP",
        ]
        assert venue.holding("acc").quantity == 0

    @pytest.mark.parametrize("released", [False, True])
    def test_cancelling_one_exit_leaves_the_other(self, released):
        venue = open_bracket()
        if released:
            venue.on_quote(quote(3, "98.8", "99"))
        assert said(venue.cancel("tp", 4)) == ["tp Canceled REQUESTED"]
        assert venue.order("sl").status is (OrderStatus.NEW if released else OrderStatus.HELD)

    def test_exits_never_exceed_the_position(self):
        venue = exchange(quote(1, "99.9", "100.1"))
        venue.submit(sell("short", OrderType.MARKET, "3"), 2)
        entry = buy("e", OrderType.MARKET, "4")
        reports = venue.submit_group(bracket(entry, take_profit="101", stop_loss="99"), 3)
        assert said(reports)[-2:] == [
            "tp Accepted quantity 1 limit 101 stop None",
            "sl Accepted quantity 1 limit None stop 99",
        ]

    def test_held_exits_follow_the_quantity_of_their_entry(self):
        venue = open_bracket()
        assert said(venue.replace("e", Changes(quantity=Decimal(6)), 3)) == [
            "e Replaced quantity 6 limit 99 stop None",
            "tp Restated quantity 6 limit 101 ENTRY_REPLACED",
            "sl Restated quantity 6 limit None ENTRY_REPLACED",
        ]


class TestOneCancelsOther:
    def make(self, *ticks):
        venue = exchange(*ticks or (quote(1, "99.9", "100.1"),))
        first = sell("l", OrderType.LIMIT, "15", limit_price="101")
        second = sell("s", OrderType.STOP, "15", stop_price="99")
        return venue, oco(first, second)

    def test_any_fill_of_one_cancels_the_other(self):
        venue, legs = self.make()
        venue.submit_group(legs, 2)
        assert said(venue.on_quote(quote(3, "101", "101.1"))) == ["l Filled 10 @ 101 MAKER", "s Canceled GROUP"]
        assert [state.order.id for state in venue.open_orders()] == ["l"]

    @pytest.mark.parametrize(("gone", "other"), [("l", "s"), ("s", "l")])
    def test_any_cancel_of_one_cancels_the_other(self, gone, other):
        venue, legs = self.make()
        venue.submit_group(legs, 2)
        assert said(venue.cancel(gone, 3)) == [f"{gone} Canceled REQUESTED", f"{other} Canceled GROUP"]

    def test_the_expiry_of_one_cancels_the_other(self):
        venue, legs = self.make()
        legs[0] = replace(legs[0], time_in_force=TimeInForce.GTD, expires_at=3)
        venue.submit_group(legs, 2)
        assert said(venue.on_quote(quote(3, "99.9", "100.1"))) == ["l Expired", "s Canceled GROUP"]

    def test_a_first_leg_that_fills_on_arrival_ends_the_second(self):
        venue, legs = self.make(quote(1, "101", "101.1"))
        assert said(venue.submit_group(legs, 2)) == [
            "l Accepted quantity 15 limit 101 stop None",
            "l Filled 10 @ 101 TAKER",
            "s Canceled GROUP",
        ]

    def test_a_rejected_first_leg_rejects_the_second(self):
        venue, legs = self.make(quote(1, "98.9", "99.1"))
        assert said(venue.submit_group(legs[::-1], 2)) == ["s Rejected VENUE_REJECTED", "l Rejected GROUP_REJECTED"]

    def test_a_rejected_second_leg_cancels_the_first(self):
        venue, legs = self.make(quote(1, "98.9", "99.1"))
        assert said(venue.submit_group(legs, 2))[1:] == ["s Rejected VENUE_REJECTED", "l Canceled GROUP"]

    def test_only_one_leg_trades_when_one_event_reaches_both(self):
        venue = exchange(quote(1, "99.9", "100.1"))
        low = buy("low", OrderType.LIMIT, "5", limit_price="99")
        high = buy("high", OrderType.LIMIT, "5", limit_price="99.5")
        venue.submit_group(oco(low, high), 2)
        assert fills(venue.on_quote(quote(3, "98", "98.2"))) == ["high 5 @ 99.5 MAKER"]
        assert len(venue) == 0


class TestFlat:
    """Reduce-only orders end with the position; exits that wait for their entry stay."""

    def held(self, *, bracket_too: bool = False):
        venue = exchange(quote(1, "99.9", "100.1"))
        venue.submit(buy("long", OrderType.MARKET, "5"), 2)
        venue.submit(sell("profit", OrderType.LIMIT, "5", limit_price="110", reduce_only=True), 3)
        venue.submit(sell("loss", OrderType.STOP, "5", stop_price="90", reduce_only=True), 3)
        if bracket_too:
            entry = buy("e", OrderType.LIMIT, "3", limit_price="99")
            venue.submit_group(bracket(entry, take_profit="111", stop_loss="91"), 3)
        return venue

    def test_exits_end_when_any_order_closes_the_position(self):
        venue = self.held()
        assert said(venue.submit(sell("out", OrderType.MARKET, "5"), 4))[-2:] == [
            "profit Canceled REDUCE_ONLY",
            "loss Canceled REDUCE_ONLY",
        ]
        assert len(venue) == 0

    def test_exits_end_when_the_position_flips(self):
        venue = self.held()
        venue.submit(sell("flip", OrderType.MARKET, "7"), 4)
        assert venue.holding("acc").quantity == -2
        assert len(venue) == 0

    def test_exits_of_an_unfilled_entry_stay_held_while_the_position_is_flat(self):
        venue = self.held(bracket_too=True)
        venue.submit(sell("out", OrderType.MARKET, "5"), 4)
        assert [row.order.id for row in venue.open_orders()] == ["e", "tp", "sl"]
        assert {row.status for row in venue.open_orders()[1:]} == {OrderStatus.HELD}

    def test_an_entry_ends_when_the_exits_of_its_bracket_end(self):
        venue = open_bracket()
        venue.on_quote(quote(3, "98.8", "99", ask_size="4"))
        assert said(venue.submit(sell("out", OrderType.MARKET, "4"), 4))[-3:] == [
            "tp Canceled REDUCE_ONLY",
            "e Canceled GROUP",
            "sl Canceled GROUP",
        ]
        assert len(venue) == 0

    def test_exits_end_when_the_position_is_gone_after_a_restart(self):
        venue = self.held()
        state = venue.snapshot()
        again = Exchange.restored(Decimal("0.01"), replace(state, holdings=()))
        assert said(again.resume(5)) == ["profit Canceled REDUCE_ONLY", "loss Canceled REDUCE_ONLY"]
