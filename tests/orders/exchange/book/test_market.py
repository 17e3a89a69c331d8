"""The market as orders see it."""

from decimal import Decimal

import pytest

from domain.kernel.time import Nanos
from domain.market.types import QuoteTick
from domain.orders.exchange.book.market import ExchangeMarket, Reference, reference_for
from domain.orders.model.types import Side, TriggerPrice
from tests.support.exchange import book, quote, trade

D = Decimal


def market(*ticks):
    made = ExchangeMarket()
    for tick in ticks:
        if hasattr(tick, "snapshot"):
            made.see_book(tick)
        elif hasattr(tick, "price"):
            made.see_trade(tick)
        else:
            made.see_quote(tick)
    return made


@pytest.mark.parametrize(
    ("side", "trigger", "reference"),
    [
        (Side.BUY, TriggerPrice.BID_ASK, Reference.ASK),
        (Side.SELL, TriggerPrice.BID_ASK, Reference.BID),
        (Side.BUY, TriggerPrice.LAST, Reference.LAST),
        (Side.SELL, TriggerPrice.MID, Reference.MID),
    ],
)
def test_each_trigger_price_type_reads_its_own_market_price(side, trigger, reference):
    assert reference_for(side, trigger) is reference


def test_a_new_market_knows_no_price():
    empty = market()
    assert [empty.reference(reference) for reference in Reference] == [None] * 4
    assert empty.take(Side.BUY, D(1), None) == []
    assert not empty.crosses(Side.BUY, D(1000))


def test_a_partial_quote_leaves_the_other_fields():
    seen = market(quote(1, "99", "101"), QuoteTick("X", Nanos(2), bid=D(98), bid_size=D(3)))
    assert (seen.bid, seen.bid_size, seen.ask, seen.ask_size) == (D(98), D(3), D(101), D(10))


def test_the_first_quote_replaces_prices_taken_from_trades():
    seen = market(trade(1, "100"), QuoteTick("X", Nanos(2), bid=D(98), bid_size=D(3)))
    assert (seen.bid, seen.ask, seen.last) == (D(98), None, D(100))


def test_the_mid_price_needs_both_sides():
    assert market(quote(1, "99", "100")).reference(Reference.MID) == D("99.5")
    assert market(quote(1, "99", None)).reference(Reference.MID) is None


class TestBook:
    BIDS, ASKS = [("99", "1"), ("98", "2")], [("101", "1"), ("102", "2")]

    def test_changes_set_and_remove_levels(self):
        changed = book(2, [("99", "0"), ("97", "5")], [("100", "4")], snapshot=False)
        seen = market(book(1, self.BIDS, self.ASKS), changed)
        assert (seen.bid, seen.bid_size, seen.ask, seen.ask_size) == (D(98), D(2), D(100), D(4))
        assert seen.take(Side.SELL, D(100), None) == [(D(98), D(2)), (D(97), D(5))]

    def test_a_snapshot_replaces_all_levels(self):
        seen = market(book(1, self.BIDS, self.ASKS), book(2, [("90", "1")], []))
        assert (seen.bid, seen.ask) == (D(90), None)
        assert seen.take(Side.BUY, D(1), None) == []

    def test_removing_an_absent_level_changes_nothing(self):
        seen = market(book(1, self.BIDS, self.ASKS), book(2, [("50", "0")], [], snapshot=False))
        assert seen.bid == D(99)

    def test_the_levels_of_a_fill_end_at_its_limit_and_quantity(self):
        seen = market(book(1, self.BIDS, self.ASKS))
        assert seen.take(Side.BUY, D(9), D(101)) == [(D(101), D(1))]
        assert seen.take(Side.BUY, D("1.5"), None) == [(D(101), D(1)), (D(102), D("0.5"))]
        assert seen.take(Side.BUY, D(9), None, best_only=True) == [(D(101), D(1))]
        assert seen.take(Side.BUY, D(9), D("100.9")) == []

    def test_a_quote_overrides_the_book_until_the_next_book_change(self):
        seen = market(book(1, self.BIDS, self.ASKS), quote(2, "99.5", "100.5", ask_size="7"))
        assert seen.take(Side.BUY, D(9), None) == [(D("100.5"), D(7))]
        seen.see_book(book(3, [], [("103", "1")], snapshot=False))
        assert seen.take(Side.BUY, D(9), None) == [(D(101), D(1)), (D(102), D(2)), (D(103), D(1))]


@pytest.mark.parametrize(
    "ticks",
    [
        (),
        (trade(1, "100"),),
        (quote(1, "99", "101"), trade(2, "100")),
        (book(1, [("99", "1")], [("101", "1"), ("102", "3")]),),
        (book(1, [("99", "1")], [("101", "1")]), quote(2, "99.5", "100.5")),
    ],
)
def test_a_restored_market_equals_the_stored_one(ticks):
    seen = market(*ticks)
    again = ExchangeMarket.restored(seen.state())
    assert again.state() == seen.state()
    for other in (seen, again):
        other.see_trade(trade(9, "50"))
        other.see_book(book(10, [("98", "4")], [("102", "0")], snapshot=False))
    assert again.state() == seen.state()
