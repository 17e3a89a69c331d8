"""Round trips are told from the position beneath them, and sizes and hours are learnt step by step."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.anomalies.detectors.trips import LEG_SECONDS, MAX_LEGS, Closed, Fill, Leg, follow, grown_old
from domain.anomalies.detectors.usual import SessionHours, next_usual, usual_begin, usual_end


def book(legs: list[Leg], *fills: tuple[str, float, float, float, bool]) -> list[Closed | None]:
    """Book fills by order, signed quantity, price and whether the books call them closings; one a second."""
    found = []
    for index, (order, signed, price, at, is_old) in enumerate(fills):
        sign = 1.0 if signed > 0 else -1.0
        found.append(follow(legs, Fill(order, sign, abs(signed), price, at or float(index), is_old)))
    return found


def test_a_closing_fill_reverses_the_newest_opening() -> None:
    legs: list[Leg] = []
    found = book(
        legs, ("a", 10, 100, 0, False), ("b", 4, 90, 0, False), ("c", -4, 80, 0, True), ("d", -10, 120, 0, True)
    )
    assert found == [None, None, Closed(-40.0, 4.0, False), Closed(200.0, 10.0, False)]
    assert legs == []


def test_a_round_trip_over_a_position_is_one_however_it_is_booked() -> None:
    # Of a long position of before, ten are sold and bought back dearer: the books call the selling a closing.
    legs: list[Leg] = []
    assert book(legs, ("a", -10, 100, 0, True), ("b", 10, 103, 0, False)) == [None, Closed(-30.0, 10.0, True)]
    # A small short position is turned: the same quantity back is a round trip.
    assert book(legs, ("c", 10, 100, 0, True), ("d", -10, 99, 0, True)) == [None, Closed(-10.0, 10.0, True)]
    # Another quantity is an opening, and closed as one.
    assert book(legs, ("e", -7, 100, 0, True), ("f", 10, 100, 0, False), ("g", -10, 98, 0, True)) == [
        None, None, Closed(-20.0, 10.0, False),
    ]  # fmt: skip


def test_fills_of_one_order_are_one_leg() -> None:
    legs: list[Leg] = []
    found = book(legs, ("a", 5, 100, 0, False), ("a", 5, 102, 0, False), ("b", -10, 101, 0, True))
    assert found[-1] == Closed(0.0, 10.0, False)


def test_old_legs_become_part_of_the_position() -> None:
    legs: list[Leg] = []
    book(legs, ("a", 5, 100, 0, False), ("b", 3, 100, 0, False))
    assert grown_old(legs, 1.0) == 0.0
    assert grown_old(legs, LEG_SECONDS + 0.5) == 5.0
    assert [leg[1] for leg in legs] == [3.0]
    for index in range(3 * MAX_LEGS):
        grown_old(legs, 2.0)
        book(legs, (f"o{index}", 1, 100, 2.0, False))
    assert len(legs) == MAX_LEGS


SIZES = st.lists(st.integers(1, 1_000).map(float), min_size=1, max_size=40)


@given(sizes=SIZES, sign=st.sampled_from([1.0, -1.0]))
def test_opened_and_closed_quantities_add_up(sizes: list[float], sign: float) -> None:
    legs: list[Leg] = []
    bought = sum(sizes)
    for index, size in enumerate(sizes):
        follow(legs, Fill(f"in{index}", sign, size, 100.0 + index, float(index), False))
    cost = sum(size * (100.0 + index) for index, size in enumerate(sizes))
    closed = follow(legs, Fill("out", -sign, bought, 50.0, 100.0, True))
    assert closed is not None
    assert closed.result == pytest.approx(sign * (50.0 * bought - cost))
    assert legs == []


def test_large_orders_do_not_become_usual_by_themselves() -> None:
    usual = 0.0
    for index in range(100):
        usual = next_usual(usual, 10.0 + index % 3, index + 1)
    assert 9 < usual < 13
    before = usual
    for index in range(8):
        usual = next_usual(usual, 1e6, 101 + index)
    assert usual < 1.2 * before


def test_active_hours_are_those_of_the_market_or_of_recent_days() -> None:
    hours = SessionHours()
    for second, is_open in ((0, False), (30, False), (60, True), (90, True), (120, False)):
        hours.check(86_400.0 * 20_000 + second, is_open)
    assert (hours.begins, hours.ends) == (60.0, 120.0)
    assert SessionHours.from_state(hours.state()) == hours
    # Who looked an hour later did not see when it opened.
    hours.check(86_400.0 * 20_000 + 5_000, True)
    assert hours.begins == 60.0
    assert usual_end([100.0, 200.0]) is None
    assert usual_end([500.0, 100.0, 400.0, 450.0, 480.0, 470.0]) == 480.0
    assert usual_begin([500.0, 600.0, 900.0]) == 600.0
