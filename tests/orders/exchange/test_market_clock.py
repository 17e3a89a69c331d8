"""Ticks at the paper venue that are late, old, of a replay, or that remove a side of the market."""

from decimal import Decimal
from typing import Any

import pytest

from domain.accounts.types import AccountKind
from domain.kernel.time import NANOS_PER_SECOND, Nanos
from domain.market.clocks import REPLAY, KeptQuote
from domain.market.types import Quote, QuoteTick, TradeTick
from domain.orders.exchange.paper import PaperVenue
from domain.orders.model.order import Order
from domain.orders.model.types import OrderStatus, OrderType, Side
from tests.orders.factories import PERPETUAL, command
from tests.support.world import World

SYMBOL = PERPETUAL.symbol


def second(number: float) -> Nanos:
    return Nanos(int(number * NANOS_PER_SECOND))


def quote(made: float, bid: str | None = None, ask: str | None = None, source: str = "", **others: Any) -> QuoteTick:
    prices = [None if text is None else Decimal(text) for text in (bid, ask)]
    return QuoteTick(SYMBOL, second(made), *prices, Decimal(5), Decimal(5), source=source, **others)


class Market(World):
    """A margin account at a paper venue that quotes 99.99 to 100.01 at the first second, stale after thirty."""

    def __init__(self) -> None:
        super().__init__(PERPETUAL, AccountKind.MARGIN, "100000")

    def see(self, tick: Any, received: float) -> None:
        """A tick, and when it came."""
        self.clock = second(received)
        self.report(self.books.on_tick(tick, self.clock))

    def order(self, side: Side, kind: OrderType, wait: float = 0, **terms: Any) -> Order:
        """An order for one unit, some seconds after the last event."""
        self.clock += second(wait)
        given = {"limit_price": None} | {name: Decimal(price) for name, price in terms.items()}
        return self.place(command(symbol=SYMBOL, side=side, type=kind, **given))


@pytest.fixture
def market() -> Market:
    return Market()


@pytest.mark.parametrize(
    ("tick", "received", "filled"),
    [
        (quote(2, "98", "98.5"), 2, "1"),
        # Late: before what is held.
        (quote(0.5, "98", "98.5"), 2, "0"),
        # Newer than what is held, and stale on arrival.
        (quote(2, "98", "98.5"), 32, "1"),
        (quote(2, "98", "98.5"), 33, "0"),
        # From beyond what clocks are ahead.
        (quote(80, "98", "98.5"), 2, "0"),
        (quote(50, "98", "98.5"), 2, "1"),
        # A replay is as old as its receipt.
        (quote(0, "98", "98.5", f"{REPLAY}1"), 500, "1"),
        (TradeTick(SYMBOL, second(0.5), Decimal(98), Decimal(5)), 2, "0"),
    ],
)
def test_each_tick_fills_a_resting_order_only_when_it_counts(
    market: Market, tick: Any, received: float, filled: str
) -> None:
    order = market.order(Side.BUY, OrderType.LIMIT, limit_price="99")
    market.see(tick, received)
    assert order.filled_quantity == Decimal(filled)


def test_an_old_quote_triggers_and_trails_nothing_and_the_next_one_does(market: Market) -> None:
    stop = market.order(Side.SELL, OrderType.STOP, stop_price="95")
    trailing = market.order(Side.SELL, OrderType.TRAILING_STOP, trailing_offset="2")
    market.see(quote(2, "120", "121"), 60)
    market.see(quote(3, "90", "91"), 60)
    assert (stop.status, trailing.status, trailing.stop_price) == (OrderStatus.NEW, OrderStatus.NEW, Decimal("97.99"))
    market.see(quote(60, "90", "91"), 60)
    assert [order.status for order in (stop, trailing)] == [OrderStatus.FILLED] * 2


def test_no_order_matches_a_market_that_was_stale_on_arrival(market: Market) -> None:
    resting = market.order(Side.BUY, OrderType.LIMIT, limit_price="99")
    market.see(quote(2, "99.99", "100.01"), 60)
    assert market.order(Side.BUY, OrderType.MARKET).status is OrderStatus.REJECTED
    marketable = market.order(Side.BUY, OrderType.LIMIT, limit_price="100.01")
    market.modify(resting, limit_price="100.01")
    assert [order.status for order in (marketable, resting)] == [OrderStatus.NEW] * 2
    market.see(quote(60, "99.99", "100.01"), 60)
    assert [order.status for order in (marketable, resting)] == [OrderStatus.FILLED] * 2


def test_a_market_that_arrived_in_time_holds_until_the_next_tick(market: Market) -> None:
    assert market.order(Side.BUY, OrderType.LIMIT, 3_600, limit_price="100.01").status is OrderStatus.FILLED


def test_the_market_of_a_replay_does_not_become_stale(market: Market) -> None:
    market.see(quote(0, "99.99", "100.01", f"{REPLAY}1"), 2)
    order = market.order(Side.BUY, OrderType.MARKET, 3_600)
    assert order.status is OrderStatus.FILLED


@pytest.mark.parametrize(("gone", "side"), [({"no_ask": True}, Side.BUY), ({"no_bid": True}, Side.SELL)])
def test_no_order_trades_on_a_side_without_quotes(market: Market, gone: dict[str, bool], side: Side) -> None:
    resting = market.order(side, OrderType.LIMIT, limit_price="99.99" if side is Side.BUY else "100.01")
    # The other side stands: it trades.
    market.see(QuoteTick(SYMBOL, second(2), **gone), 2)
    assert market.order(side, OrderType.MARKET).status is OrderStatus.REJECTED
    assert market.order(side, OrderType.LIMIT, limit_price="150" if side is Side.BUY else "50").filled_quantity == 0
    assert market.order(side.opposite, OrderType.MARKET).status is OrderStatus.FILLED
    assert resting.filled_quantity == 0
    # Leaving the side out keeps it as it was; a price brings it back.
    market.see(quote(3, bid="99.99" if side is Side.BUY else None, ask="100.01" if side is Side.SELL else None), 3)
    assert resting.filled_quantity == 0
    market.see(quote(4, "99.98", "99.99") if side is Side.BUY else quote(4, "100.01", "100.02"), 4)
    assert resting.filled_quantity == 1


@pytest.mark.parametrize(("came_stale", "filled"), [(False, 1), (True, 0)])
def test_a_restarted_venue_knows_that_its_market_was_stale(came_stale: bool, filled: int) -> None:
    market = Market()
    stood = Quote(SYMBOL, second(1), Decimal("99.99"), Decimal("100.01"), Decimal(5), Decimal(5))
    market.books = PaperVenue({SYMBOL: PERPETUAL}).books
    market.books.see_quote(KeptQuote(stood, second(1), "", "{}", came_stale))
    assert market.order(Side.BUY, OrderType.LIMIT, 60, limit_price="100.01").filled_quantity == filled


def test_a_clock_restriction_of_another_process_applies_from_its_message_on(market: Market) -> None:
    order = market.order(Side.BUY, OrderType.LIMIT, limit_price="99")
    market.books.join_clocks({SYMBOL: '{"":[9000000000,-1,-1]}'})
    market.see(quote(8, "98", "98.5"), 9)
    assert order.filled_quantity == 0
    market.see(quote(9, "98", "98.5"), 9)
    assert order.filled_quantity == 1
