"""Position arithmetic, by table and by property."""

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.market.costs import gain
from domain.market.types import AssetClass, Instrument
from domain.positions.rules import (
    FLAT,
    ClosesTooMuch,
    Fill,
    PositionState,
    apply_fill,
    closable,
    roll_day,
)
from domain.positions.types import Bucket

D = Decimal


def apply_fills(position: PositionState, instrument: Instrument, fills: Iterable[Fill]) -> PositionState:
    """Book executions in the order given."""
    for fill in fills:
        position = apply_fill(position, instrument, fill).position
    return position


def instrument(multiplier="1", *, inverse=False):
    one = D(1)
    return Instrument(
        UUID(int=0), "X", "", "", AssetClass.PERPETUAL, "", one, one, one, multiplier=D(multiplier), inverse=inverse
    )


def book(terms, *fills):
    return apply_fills(FLAT, terms, [Fill(D(quantity), D(price)) for quantity, price in fills])


LINEAR, FUTURE, INVERSE = instrument(), instrument("50"), instrument("100", inverse=True)

NETTING = [
    ("open long", FUTURE, [("2", "1676.25")], "2", "1676.25", "0"),
    ("open short", FUTURE, [("-2", "1676.25")], "-2", "1676.25", "0"),
    ("close with a loss", FUTURE, [("-2", "1676.25"), ("2", "1680.50")], "0", "0", "-425"),
    ("add: weighted by quantity", FUTURE, [("1", "1670"), ("3", "1674")], "4", "1673", "0"),
    ("an endless average keeps twelve decimals", LINEAR, [("1", "1"), ("2", "2")], "3", "1.666666666667", "0"),
    ("reduce: the average stays", FUTURE, [("4", "1670"), ("-1", "1675")], "3", "1670", "250"),
    ("through zero: the rest opens at the fill", FUTURE, [("-3", "1676.25"), ("7", "1680")], "4", "1680", "-562.5"),
    ("reopen after flat", FUTURE, [("-2", "1676"), ("2", "1672"), ("-4", "1671")], "-4", "1671", "400"),
    ("inverse: PnL in the base asset", INVERSE, [("100", "50000"), ("-100", "40000")], "0", "0", "-0.05"),
    ("inverse: the average is harmonic", INVERSE, [("100", "60000"), ("200", "30000")], "300", "36000", "0"),
    ("inverse short", INVERSE, [("-100", "50000"), ("100", "40000")], "0", "0", "0.05"),
]


@pytest.mark.parametrize(
    ("terms", "fills", "quantity", "average", "realized"), [row[1:] for row in NETTING], ids=[row[0] for row in NETTING]
)
def test_fills_change_a_netting_position_by_the_table(terms, fills, quantity, average, realized):
    position = book(terms, *fills)
    assert (position.quantity, position.average_price, position.realized_pnl) == (D(quantity), D(average), D(realized))


def test_a_tiny_price_keeps_its_digits():
    position = book(LINEAR, ("1000000000", "0.0000000000012345"), ("1000000000", "0.0000000000012346"))
    assert position.average_price == D("0.00000000000123455")


def test_a_change_reports_closed_and_opened_quantities():
    before = book(FUTURE, ("3", "100"))
    change = apply_fill(before, FUTURE, Fill(D(-5), D(110)))
    assert (change.closed, change.opened, change.realized_pnl) == (D(3), D(2), D(1500))
    assert change.position == PositionState(D(-2), D(-220), D(110), D(1500), today_quantity=D(2))


class TestToday:
    def test_units_of_yesterday_close_first(self):
        yesterday = roll_day(book(LINEAR, ("10", "100")))
        assert yesterday.today_quantity == 0
        today = apply_fill(yesterday, LINEAR, Fill(D(5), D(100))).position
        assert today.today_quantity == 5
        assert apply_fill(today, LINEAR, Fill(D(-8), D(100))).position.today_quantity == 5
        assert apply_fill(today, LINEAR, Fill(D(-12), D(100))).position.today_quantity == 3

    def test_units_of_today_close_first_on_request(self):
        leg = apply_fill(PositionState(D(10), D(1000), D(100)), LINEAR, Fill(D(5), D(100))).position
        assert apply_fill(leg, LINEAR, Fill(D(-3), D(100)), Bucket.LONG, today_first=True).position.today_quantity == 2
        assert apply_fill(leg, LINEAR, Fill(D(-8), D(100)), Bucket.LONG, today_first=True).position.today_quantity == 0
        assert apply_fill(leg, LINEAR, Fill(D(-8), D(100)), Bucket.LONG).position.today_quantity == 5

    @pytest.mark.parametrize(("settles_next_day", "free"), [(False, "8"), (True, "3")])
    def test_closable_units_depend_on_settlement_and_effect(self, settles_next_day, free):
        position = PositionState(D(10), D(1000), D(100), today_quantity=D(5))
        assert closable(position, D(2), settles_next_day=settles_next_day) == D(free)
        assert closable(position, D(20), settles_next_day=settles_next_day) == 0


class TestHedging:
    @pytest.mark.parametrize(("bucket", "sign", "realized"), [(Bucket.LONG, 1, "20"), (Bucket.SHORT, -1, "-20")])
    def test_a_hedging_leg_is_opened_and_closed(self, bucket, sign, realized):
        leg = apply_fill(FLAT, LINEAR, Fill(D(4 * sign), D(100)), bucket).position
        assert leg.quantity == 4 * sign
        change = apply_fill(leg, LINEAR, Fill(D(-2 * sign), D(110)), bucket)
        assert change.realized_pnl == D(realized)
        assert change.position.quantity == 2 * sign
        assert change.position.average_price == 100

    def test_a_leg_cannot_close_more_than_it_holds(self):
        leg = apply_fill(FLAT, LINEAR, Fill(D(-4), D(100)), Bucket.SHORT).position
        with pytest.raises(ClosesTooMuch):
            apply_fill(leg, LINEAR, Fill(D("4.1"), D(110)), Bucket.SHORT)
        with pytest.raises(ClosesTooMuch):
            apply_fill(FLAT, LINEAR, Fill(D(1), D(110)), Bucket.SHORT)


prices = st.decimals("0.0001", 100_000, places=4)
fill_lists = st.lists(st.builds(Fill, st.decimals(-1000, 1000, places=3).filter(bool), prices), min_size=1, max_size=30)


@given(fill_lists, st.booleans())
def test_quantity_is_the_sum_of_fills_and_the_average_stays_within_their_prices(fills, inverse):
    position = apply_fills(FLAT, instrument(inverse=inverse), fills)
    assert position.quantity == sum(fill.quantity for fill in fills)
    assert 0 <= position.today_quantity <= position.size
    if position.quantity:
        traded = [fill.price for fill in fills]
        assert min(traded) <= position.average_price <= max(traded)
    else:
        assert position.average_price == 0


@given(fill_lists, prices)
def test_linear_pnl_equals_the_cash_flow(fills, mark):
    """Realised plus unrealised equals the value of all fills at the mark, to the last digit."""
    position = apply_fills(FLAT, LINEAR, fills)
    paid = sum(Fraction(fill.quantity) * (Fraction(mark) - Fraction(fill.price)) for fill in fills)
    open_pnl = gain(LINEAR, position.quantity, position.cost, mark)
    assert Fraction(position.realized_pnl + open_pnl) == paid


@given(fill_lists, prices)
def test_inverse_pnl_equals_the_flow_of_coins(fills, mark):
    position = apply_fills(FLAT, INVERSE, fills)
    coins = sum(Fraction(fill.quantity) * 100 * (1 / Fraction(fill.price) - 1 / Fraction(mark)) for fill in fills)
    open_pnl = Fraction(0)
    if position.quantity:
        open_pnl = Fraction(gain(INVERSE, position.quantity, position.cost, mark))
    # Each quotient ends at the 24th decimal.
    assert abs(Fraction(position.realized_pnl) + open_pnl - coins) <= Fraction(len(fills) * 200, 10**24)


@given(st.decimals("0.001", 1000, places=3), prices, st.decimals("0.001", 1000, places=3), prices, st.booleans())
def test_an_average_lies_between_its_prices(held, held_average, added, price, inverse):
    fills = [Fill(held, held_average), Fill(added, price)]
    average = apply_fills(FLAT, instrument(inverse=inverse), fills).average_price
    assert min(held_average, price) <= average <= max(held_average, price)
