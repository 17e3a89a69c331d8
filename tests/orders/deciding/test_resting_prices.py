"""Activity that keeps only the best resting prices answers as one that keeps all, or says that it does not know."""

from copy import deepcopy
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders.deciding import activity as activity_module
from domain.orders.deciding.activity import ActivityNeeds, Displaced, OrderActivity, UnknownPrice
from domain.orders.model.types import Side
from tests.orders.factories import NOW, command

NEEDS = ActivityNeeds(opposite=True)
PRICES = st.integers(1, 12).map(Decimal)
SIDES = st.sampled_from(list(Side))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), SIDES, PRICES),
        st.tuples(st.just("displace"), SIDES, st.none() | PRICES),
        st.tuples(st.just("undo"), SIDES, st.none()),
        st.tuples(st.just("settle"), SIDES, st.none()),
    ),
    max_size=12,
)


def best(activity: OrderActivity, side: Side) -> Decimal | None:
    """The best resting price on ``side``, as an order of the other side sees it."""
    return activity.before(command(side=side.opposite, limit_price=Decimal(5))).opposite


def read(stored: list[tuple[Side, Decimal]], most: int | None) -> OrderActivity:
    """The activity that is loaded of these resting orders, the best ones of each side."""
    activity = OrderActivity(NEEDS)
    for side in Side:
        prices = sorted((price for own, price in stored if own is side), reverse=side is Side.BUY)
        for price in prices[:most]:
            activity.rest("COIN", side, price)
    if most is not None:
        activity.note_floors(most)
    return activity


@given(stored=st.lists(st.tuples(SIDES, PRICES), max_size=12), most=st.integers(1, 4), steps=STEPS)
def test_bounded_activity_never_answers_otherwise_than_the_whole(
    stored: list[tuple[Side, Decimal]], most: int, steps: list[tuple[str, Side, Decimal | None]]
) -> None:
    bounded, whole = read(stored, most), read(stored, None)
    kept = activity_module.MAX_RESTING_PRICES
    activity_module.MAX_RESTING_PRICES = most
    try:
        for kind, side, price in steps:
            marks = (bounded.mark(), whole.mark())
            for activity, mark in zip((bounded, whole), marks, strict=True):
                if kind == "add":
                    activity.add(command(side=side, limit_price=price), None, NOW)
                elif kind == "displace":
                    activity.displace(Displaced("COIN", side, price))
                elif kind == "settle":
                    # Only the bounded one forgets.
                    if activity is bounded:
                        activity.settle()
                else:
                    before = deepcopy(activity.resting)
                    order = command(side=side, limit_price=Decimal(6))
                    activity.add(order, None, NOW, Displaced("COIN", side.opposite, Decimal(6)))
                    activity.undo(mark)
                    assert {k: v for k, v in activity.resting.items() if v} == {k: v for k, v in before.items() if v}
            for each in Side:
                try:
                    found = best(bounded, each)
                except UnknownPrice:
                    continue
                assert found == best(whole, each)
            assert all(len(prices) <= 2 * most + len(steps) for prices in bounded.resting.values())
    finally:
        activity_module.MAX_RESTING_PRICES = kept


def test_what_is_not_known_is_not_answered() -> None:
    stored = [(Side.SELL, Decimal(price)) for price in (10, 11, 12)]
    activity = read(stored, 2)
    assert best(activity, Side.SELL) == 10
    activity.displace(Displaced("COIN", Side.SELL, Decimal(10)))
    assert best(activity, Side.SELL) == 11
    activity.displace(Displaced("COIN", Side.SELL, Decimal(11)))
    with pytest.raises(UnknownPrice):
        best(activity, Side.SELL)
    assert best(activity, Side.BUY) is None
