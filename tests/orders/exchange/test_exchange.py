"""The order of events, the commands, and the state that survives."""

from decimal import Decimal

import pytest

from domain.kernel.time import Nanos
from domain.market.types import QuoteTick
from domain.orders.exchange import Changes, Exchange, Order, OrderState
from domain.orders.model.types import OrderStatus, OrderType, Side, TimeInForce, TriggerPrice
from tests.support.exchange import bracket, buy, exchange, fills, oco, quote, said, sell, trade


def test_an_event_matches_resting_orders_then_buys_downwards_then_sells_upwards():
    venue = exchange(quote(1, "99.9", "100.1"))
    venue.submit(sell("s102", OrderType.LIMIT, "1", limit_price="102"), 2)
    venue.submit(sell("s101", OrderType.LIMIT, "1", limit_price="101"), 2)
    venue.submit(sell("s101 later", OrderType.LIMIT, "1", limit_price="101"), 2)
    venue.submit(buy("b stop 101", OrderType.STOP, "1", stop_price="101"), 2)
    venue.submit(buy("b stop 103", OrderType.STOP, "1", stop_price="103"), 2)
    venue.submit(buy("rest", OrderType.MARKET, "11"), 2)
    assert [line.split(" @")[0] for line in fills(venue.on_quote(quote(3, "103", "103.5")))] == [
        "rest 1",
        "b stop 103 1",
        "b stop 101 1",
        "s101 1",
        "s101 later 1",
        "s102 1",
    ]


def test_a_match_precedes_expiry_in_the_same_event():
    venue = exchange(quote(1, "99.9", "100.1"))
    terms = {"time_in_force": TimeInForce.GTD, "expires_at": 5, "limit_price": "99"}
    venue.submit(buy("a", OrderType.LIMIT, "15", **terms), 2)
    assert venue.on_quote(quote(4, "98.9", "99.1")) == []
    assert said(venue.on_quote(quote(5, "98.8", "99"))) == ["a Filled 10 @ 99 MAKER", "a Expired"]


@pytest.mark.parametrize("at", [5, 6])
def test_an_order_expires_at_the_first_event_at_or_after_its_time(at):
    venue = exchange(quote(1, "99.9", "100.1"))
    terms = {"time_in_force": TimeInForce.GTD, "expires_at": 5, "limit_price": "99"}
    venue.submit(buy("a", OrderType.LIMIT, "1", **terms), 2)
    reports = venue.on_quote(quote(at, "99.9", "100.1"))
    assert said(reports) == ["a Expired"]
    assert reports[0].at == at
    assert reports[0].status is OrderStatus.EXPIRED


def test_a_clock_event_expires_orders_and_does_nothing_else():
    venue = exchange(quote(1, "99.9", "100.1", ask_size="1"))
    venue.submit(buy("rest", OrderType.MARKET, "2"), 2)
    terms = {"time_in_force": TimeInForce.GTD, "expires_at": 5, "limit_price": "99"}
    venue.submit(buy("a", OrderType.LIMIT, "1", **terms), 2)
    assert venue.on_clock(4) == []
    assert said(venue.on_clock(5)) == ["a Expired"]


def test_a_day_order_ends_when_the_day_end_is_announced():
    venue = exchange(quote(1, "99.9", "100.1"))
    venue.submit(buy("a", OrderType.LIMIT, "1", limit_price="99", time_in_force=TimeInForce.DAY), 2)
    assert said(venue.expire("a", 3)) == ["a Expired"]
    assert venue.expire("a", 4) == []


class TestTrades:
    def test_the_last_price_is_both_sides_of_a_market_without_quotes(self):
        venue = exchange(trade(1, "100", "3"))
        assert fills(venue.submit(buy("a", OrderType.MARKET, "5"), 2)) == ["a 3 @ 100 TAKER"]
        assert fills(venue.on_trade(trade(3, "99", "4"))) == ["a 2 @ 99 TAKER"]
        venue.submit(sell("b", OrderType.LIMIT, "5", limit_price="99.5"), 4)
        assert fills(venue.on_trade(trade(5, "99.5", "1"))) == ["b 1 @ 99.5 MAKER"]

    def test_a_trade_beside_quotes_sets_the_last_price_and_matches_orders(self):
        venue = exchange(quote(1, "99.9", "100.1", ask_size="2"))
        venue.submit(buy("a", OrderType.MARKET, "3"), 2)
        assert fills(venue.on_trade(trade(3, "100", "50"))) == ["a 1 @ 100.1 TAKER"]

    def test_a_quote_with_only_a_last_price_is_a_trade(self):
        venue = exchange()
        venue.on_quote(QuoteTick("X", Nanos(1), last=Decimal(100), last_size=Decimal(2)))
        assert fills(venue.submit(buy("a", OrderType.MARKET, "5"), 2)) == ["a 2 @ 100 TAKER"]

    def test_the_last_price_of_a_quote_triggers_stops(self):
        venue = exchange(quote(1, "99.9", "100.1"))
        venue.submit(buy("a", OrderType.STOP, "1", stop_price="101", trigger_price=TriggerPrice.LAST), 2)
        tick = QuoteTick("X", Nanos(3), Decimal("99.9"), Decimal("100.1"), last=Decimal(101))
        assert fills(venue.on_quote(tick)) == ["a 1 @ 100.1 TAKER"]


class TestCommands:
    def test_an_unknown_order_is_not_cancelled_or_replaced(self):
        venue = exchange()
        assert said(venue.cancel("nobody", 1)) == ["nobody CancelRejected There is no such open order at the venue."]
        assert said(venue.replace("nobody", Changes(quantity=Decimal(1)), 1)) == [
            "nobody ReplaceRejected VENUE_REJECTED: There is no such open order at the venue."
        ]

    def test_a_filled_order_cannot_be_cancelled(self):
        venue = exchange(quote(1, "99.9", "100.1"))
        venue.submit(buy("a", OrderType.MARKET, "1"), 2)
        assert said(venue.cancel("a", 3)) == ["a CancelRejected There is no such open order at the venue."]

    def test_a_used_order_id_is_refused(self):
        venue = exchange(quote(1, "99.9", "100.1"))
        venue.submit(buy("a", OrderType.LIMIT, "1", limit_price="99"), 2)
        before = venue.snapshot()
        with pytest.raises(ValueError, match="unique"):
            venue.submit(buy("a", OrderType.LIMIT, "1", limit_price="98"), 3)
        twins = oco(*(buy("b", OrderType.LIMIT, "1", limit_price="98") for _ in range(2)))
        with pytest.raises(ValueError, match="unique"):
            venue.submit_group(twins, 3)
        assert venue.snapshot() == before


class TestState:
    def test_the_exchange_reports_the_state_of_an_order(self):
        venue = exchange(quote(1, "99.9", "100.1", ask_size="2"))
        submitted = buy("a", OrderType.LIMIT, "5", limit_price="100.1")
        venue.submit(submitted, 2)
        assert venue.order("a") == OrderState(
            order=submitted,
            status=OrderStatus.PARTIALLY_FILLED,
            filled_quantity=Decimal(2),
            fills=1,
            sequence=1,
        )
        assert venue.order("a").remaining == Decimal(3)
        assert venue.order("nobody") is None

    @pytest.mark.parametrize("status", [OrderStatus.PENDING_NEW, OrderStatus.FILLED, OrderStatus.CANCELED])
    def test_only_orders_at_the_exchange_are_restored(self, status):
        venue = exchange()
        with pytest.raises(ValueError, match="not with the exchange"):
            venue.restore(OrderState(order=buy("a", OrderType.LIMIT, "1", limit_price="99"), status=status))
        assert len(venue) == 0

    def test_a_restored_exchange_continues_from_the_stored_state(self):
        venue = exchange(quote(1, "100", "100.2"))
        venue.submit_group(
            bracket(buy("e", OrderType.LIMIT, "15", limit_price="99"), take_profit="101", stop_loss="97"), 2
        )
        venue.submit(buy("gtd", OrderType.LIMIT, "1", limit_price="90", time_in_force=TimeInForce.GTD, expires_at=9), 2)
        venue.submit(sell("trail", OrderType.TRAILING_STOP, "4", trailing_offset="1"), 2)
        venue.submit(sell("dormant", OrderType.TRAILING_STOP, "4", trailing_offset="1", activation_price="102"), 2)
        venue.on_quote(quote(3, "101", "101.2"))
        venue.on_quote(quote(4, "100.4", "100.6"))
        venue.submit(buy("rest", OrderType.MARKET, "12"), 5)
        again = Exchange.restored(Decimal("0.1"), venue.snapshot())
        assert again.snapshot() == venue.snapshot()
        ticks = [
            quote(6, "100.3", "100.5", ask_size="1"),
            quote(7, "98.8", "99", ask_size="4"),
            quote(8, "102", "102.2"),
            quote(9, "100.9", "101"),
            quote(10, "96", "96.2"),
        ]
        assert [venue.on_quote(tick) for tick in ticks] == [again.on_quote(tick) for tick in ticks]
        assert again.snapshot() == venue.snapshot()

    def test_a_restored_trailing_stop_keeps_its_stop_price(self):
        venue = exchange(quote(1, "100", "100.2"))
        venue.submit(sell("a", OrderType.TRAILING_STOP, "4", trailing_offset="1"), 2)
        venue.on_quote(quote(3, "105", "105.2"))
        venue.on_quote(quote(4, "104.5", "104.7"))
        again = Exchange(Decimal("0.1"))
        again.restore(venue.order("a"))
        assert again.on_quote(quote(5, "104.2", "104.4")) == []
        assert fills(again.on_quote(quote(6, "104", "104.2"))) == ["a 4 @ 104 TAKER"]

    def test_ids_and_accounts_may_be_anything_hashable(self):
        venue = exchange(quote(1, "99.9", "100.1"))
        order = Order(id=("x", 1), account=frozenset({7}), side=Side.BUY, type=OrderType.MARKET, quantity=Decimal(1))
        assert venue.submit(order, 2)[-1].order_id == ("x", 1)
        assert venue.holding(frozenset({7})).quantity == 1
