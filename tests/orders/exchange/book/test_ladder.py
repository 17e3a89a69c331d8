"""Waiting rooms in the order of price."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders.exchange.book.ladder import Ladder, Room


@dataclass(frozen=True)
class Waiting:
    sequence: int


def ladder(keys, *, rising):
    made = Ladder(Room(), rising=rising)
    for sequence, key in enumerate(keys):
        made.add(key, Waiting(sequence))
    return made


def who(found):
    return sorted(order.sequence for order in found)


@pytest.mark.parametrize(
    ("rising", "reached", "passed", "best"), [(True, [0, 1, 3], [0], 1), (False, [1, 2, 3], [2], 3)]
)
def test_a_price_wakes_the_orders_that_it_reaches_and_no_others(rising, reached, passed, best):
    made = ladder([1, 2, 3, 2], rising=rising)
    assert made.best == best
    assert who(made.reached(2)) == reached
    assert who(made.passed(2)) == passed
    assert who(made.everyone()) == [0, 1, 2, 3]


def test_an_empty_ladder_wakes_no_order():
    made = ladder([], rising=True)
    assert made.best is None
    assert made.reached(1) == made.passed(1) == made.everyone() == []


@given(st.lists(st.integers(0, 5), max_size=30), st.booleans(), st.data())
def test_a_ladder_behaves_as_a_sorted_multiset(keys, rising, data):
    room = Room()
    made: Ladder[int, Waiting] = Ladder(room, rising=rising)
    bag = {}
    for sequence, key in enumerate(keys):
        made.add(key, Waiting(sequence))
        bag[sequence] = key
        if data.draw(st.booleans()):
            gone = data.draw(st.sampled_from(sorted(bag)))
            made.remove(bag.pop(gone), Waiting(gone))
    value = data.draw(st.integers(0, 5))
    assert room.waiting == len(bag)
    assert made.best == ((min if rising else max)(bag.values()) if bag else None)
    assert who(made.reached(value)) == [name for name, key in bag.items() if (key <= value if rising else key >= value)]
    assert who(made.passed(value)) == [name for name, key in bag.items() if (key < value if rising else key > value)]
