"""The usual values of a day, from own days and those of peers, and the learning of departures."""

import json
import math
from datetime import date

import numpy as np
import pytest

from domain.anomalies.habits import DAY_SECONDS, KEPT_DAYS, MIN_PEER_DAYS, Habit, Peers, Scale
from domain.anomalies.rhythms import WEEKDAYS, TradingDays, are_in_rhythm, day_of

DAY = 86_400.0
SCALE = Scale(-math.inf, 0.2, 0.5)


def _days(values, peers, habit=None, first=0):
    habit = habit or Habit()
    for day, value in enumerate(values, first):
        habit.look(day * DAY + 100, value, peers, SCALE)
    return habit


def test_a_day_counts_with_its_largest_value():
    habit, peers = Habit(), Peers(0.3)
    for second, value in enumerate((1.0, 3.0, 2.0)):
        habit.look(float(second), value, peers, SCALE)
    habit.look(DAY, 0.0, peers, SCALE)
    assert list(habit.tops) == [3.0]


def test_values_within_earlier_days_are_usual_and_values_far_beyond_are_unusual():
    peers = Peers(0.3)
    habit = _days([5.0, 5.1, 4.9, 5.0, 5.2], peers)
    score = [habit.look(5 * DAY, value, peers, SCALE)[0] for value in (5.2, 5.6, 9.0)]
    assert score[:2] == [0.0, 0.0]
    assert score[2] > 5


def test_a_subject_without_history_is_compared_with_known_peers():
    peers = Peers(0.3)
    assert Habit().look(0.0, 99.0, peers, SCALE)[0] == 0.0
    for index in range(MIN_PEER_DAYS + 1):
        _days([5.0 + 0.1 * (index % 3), 5.0], peers)
    assert Habit().look(0.0, 5.3, peers, SCALE)[0] < 2
    assert Habit().look(0.0, 9.0, peers, SCALE)[0] > 5


def test_peers_widen_a_short_history_and_a_long_one_ignores_them():
    wild, tame = Peers(2.0), Peers(0.2)
    few, many = _days([5.0] * 3, Peers(0.2)), _days([5.0] * (KEPT_DAYS + 1), Peers(0.2))
    assert few.usual(wild, SCALE)[1] > 4 * few.usual(tame, SCALE)[1]
    assert many.usual(wild, SCALE)[1] < 0.6 * few.usual(wild, SCALE)[1]


def test_a_reported_departure_does_not_hide_the_next_one():
    peers = Peers(0.3)
    told, silent = (_days([5.0, 5.1, 4.9, 5.0], peers) for _ in range(2))
    assert told.look(4 * DAY, 9.0, peers, SCALE, tell_from=5.0)[0] > 5
    silent.look(4 * DAY, 9.0, peers, SCALE)
    assert told.look(5 * DAY, 9.0, peers, SCALE)[0] > 5
    assert silent.look(5 * DAY, 9.0, peers, SCALE)[0] == 0.0


def test_a_late_value_is_not_learnt():
    peers = Peers(0.3)
    habit = _days([5.0, 5.0, 5.0], peers)
    before = habit.state()
    habit.look(DAY, 50.0, peers, SCALE)
    assert habit.state() == before


@pytest.mark.parametrize("days", [0, 1, 60])
def test_habits_are_restored_from_their_state(days):
    peers = Peers(0.3)
    habit = _days([float(day % 7) for day in range(days)], peers)
    assert Habit.from_state(json.loads(json.dumps(habit.state()))).state() == habit.state()
    assert Peers.from_state(json.loads(json.dumps(peers.state()))).state() == peers.state()


def _told(days, first=0, trading=WEEKDAYS):
    """The days with a reported departure, among usual days with a value of about five."""
    habit, peers, told = Habit(), Peers(0.3), []
    for day in range(first, max(days) + 1):
        value = days.get(day, 5.0 + 0.1 * (day % 3))
        score, _ = habit.look(day * DAY, value, peers, SCALE, 5.0, trading)
        told += [day] if score >= 5 else []
        habit = Habit.from_state(json.loads(json.dumps(habit.state())))
    return told


def test_a_weekly_pattern_is_reported_twice_only():
    weekly = {10 + 7 * week: 9.0 for week in range(5)}
    assert _told(weekly) == [10, 17]
    # Not so on another day of the week, and not when it is much more than before.
    assert _told(weekly | {33: 9.0}) == [10, 17, 33]
    assert _told(weekly | {38: 12.0}) == [10, 17, 38]


def test_a_month_end_pattern_is_reported_twice_only():
    # The last weekdays of January to May 2026, counted from 1970.
    ends = [date(2026, month, day) for month, day in ((1, 30), (2, 27), (3, 31), (4, 30), (5, 29))]
    days = [(end - date(1970, 1, 1)).days for end in ends]
    assert all(WEEKDAYS.ends_month(day) for day in days)
    assert _told(dict.fromkeys(days, 9.0), days[0] - 20) == days[:2]


def test_one_incident_does_not_hide_later_incidents():
    assert _told({10: 9.0, 11: 9.0, 12: 9.0}) == [10, 11, 12]


def test_days_are_in_rhythm_by_weekday_month_start_and_month_end():
    monday = (date(2026, 3, 2) - date(1970, 1, 1)).days
    assert [apart for apart in range(1, 60) if are_in_rhythm(monday, monday + apart)] == [7, 14, 21, 28, 30, 35]
    # Of these, the 30th later day begins a month as the Monday does: the first trading day is a rhythm.
    assert all(WEEKDAYS.begins_month(monday + apart) for apart in (0, 30))
    assert not are_in_rhythm(monday, monday)
    assert [day for day in range(25, 32) if WEEKDAYS.ends_month(day_of(date(2026, 5, day)))] == [28, 29]


# Holidays of New York in 2026, those that are weekdays.
HOLIDAYS_2026 = ((1, 1), (1, 19), (2, 16), (4, 3), (5, 25), (6, 19), (7, 3), (9, 7), (11, 26), (12, 25))
NEW_YORK = TradingDays(frozenset(day_of(date(2026, month, day)) for month, day in HOLIDAYS_2026))


def _of(holidays):
    return TradingDays(frozenset(map(day_of, holidays)))


def test_the_last_trading_day_of_a_month_is_its_month_end():
    # The last weekdays of April are closed, as before a long holiday in May.
    closed = _of([date(2026, 4, 28), date(2026, 4, 29), date(2026, 4, 30), date(2026, 5, 1)])
    ends = [date(2026, 2, 27), date(2026, 3, 31), date(2026, 4, 27), date(2026, 5, 29)]
    days = [day_of(end) for end in ends]
    assert all(closed.ends_month(day) for day in days)
    assert not WEEKDAYS.ends_month(days[2])
    rebalances = dict.fromkeys(days[:3], 9.0)
    assert _told(rebalances, days[0] - 20, closed) == days[:2]
    assert _told(rebalances, days[0] - 20) == days[:3]


def test_the_first_trading_day_of_a_month_is_its_month_start():
    begins = [date(2025, 12, 1), date(2026, 1, 2), date(2026, 2, 2)]
    days = [day_of(begin) for begin in begins]
    assert all(NEW_YORK.begins_month(day) for day in days)
    assert not NEW_YORK.begins_month(day_of(date(2026, 1, 1)))
    assert _told(dict.fromkeys(days, 9.0), days[0] - 20, NEW_YORK) == days[:2]


def test_a_friday_pattern_is_usual_on_a_thursday_before_a_closed_friday():
    fridays = [day_of(date(2026, 3, 13)) + 7 * week for week in range(3)]
    thursday = day_of(date(2026, 4, 2))
    weekly = dict.fromkeys([*fridays, thursday], 9.0)
    assert _told(weekly, fridays[0] - 20, NEW_YORK) == fridays[:2]
    assert _told(weekly, fridays[0] - 20) == [*fridays[:2], thursday]


def test_days_before_and_after_holidays_have_their_own_rhythm():
    # Holidays in the middle of weeks, which end no week and no month.
    holidays = [date(2026, 3, 11), date(2026, 4, 16), date(2026, 5, 12)]
    closed = _of(holidays)
    before, after = ([day_of(one) + step for one in holidays] for step in (-1, 1))
    assert _told(dict.fromkeys(before, 9.0), before[0] - 20, closed) == before[:2]
    assert _told(dict.fromkeys(after, 9.0), after[0] - 20, closed) == after[:2]
    assert _told(dict.fromkeys([*before[:2], after[2]], 9.0), before[0] - 20, closed) == [*before[:2], after[2]]
    assert _told(dict.fromkeys(before, 9.0), before[0] - 20) == before


def test_one_closure_makes_no_rhythm_and_closed_days_have_none():
    closed = _of([date(2026, 3, 11)])
    tuesday = day_of(date(2026, 3, 10))
    assert closed.precedes_holiday(tuesday)
    assert closed.follows_holiday(tuesday + 2)
    assert not any(are_in_rhythm(tuesday, tuesday + apart, closed) for apart in range(1, 7))
    kinds = ("ends_month", "begins_month", "ends_week", "begins_week", "precedes_holiday", "follows_holiday")
    assert not any(getattr(NEW_YORK, kind)(day) for kind in kinds for day in NEW_YORK.holidays)


def test_each_week_and_month_has_one_first_trading_day():
    year = range(day_of(date(2026, 1, 1)), day_of(date(2027, 1, 1)))
    assert sum(map(NEW_YORK.begins_month, year)) == 12
    assert sum(map(NEW_YORK.ends_month, year)) == 24
    assert sum(map(NEW_YORK.ends_week, year)) == sum(map(NEW_YORK.begins_week, year)) == 52
    assert sum(map(NEW_YORK.precedes_holiday, year)) == len(HOLIDAYS_2026) - 1


def test_quiet_days_count_until_a_subject_has_active_days():
    scale, peers = Scale(math.log(15), 0.15, math.log(1.5)), Peers(0.2)
    habit = Habit()
    habit.look(0.0, math.log(15), peers, scale)
    # Two weeks later it does two hundred of what it did fifteen of once.
    later = 14 * DAY_SECONDS
    score, _ = habit.look(float(later), math.log(200), peers, scale)
    assert habit.quiet == 9
    assert score > 5
    assert Habit.from_state(habit.state()).past(scale) == habit.past(scale)


def test_values_growing_within_the_first_day_are_no_history():
    grown, single = Scale(1.0, 0.2, 0.3, first_seconds=300.0), Scale(1.0, 0.2, 0.3)
    for scale, known in ((grown, 1), (single, 20)):
        habit, peers = Habit(), Peers(0.2)
        for step in range(20):
            habit.look(float(step), 1.0 + step, peers, scale)
        assert len(habit.firsts) == known


def test_a_day_without_a_notable_value_counts_as_a_day():
    scale, peers, habit = Scale(2.0, 0.2, 0.3), Peers(0.2), Habit()
    for day in range(3):
        habit.attend(float(day * DAY_SECONDS), peers, scale)
    assert list(habit.tops) == [2.0, 2.0]


# The largest order of a day of six styles of trading, as logarithms: the middle, and the spread of days.
STYLES = [(math.log(notional), spread) for notional, spread in ((2e3, 0.4), (5e3, 0.6), (2e4, 0.3), (8e4, 0.7))]
SIZES = Scale(-math.inf, 0.3, math.log(2.5), is_logarithm=True)


def _population(seed):
    random = np.random.default_rng(seed)
    peers = Peers(0.5)
    for day in range(240):
        peers.learn(float(random.normal(*STYLES[day % len(STYLES)])), None)
    return peers, random


@pytest.mark.parametrize("seed", range(3))
def test_whoever_has_no_past_is_judged_by_how_far_anybody_goes(seed):
    """A new account with a known style is not reported; a value far beyond the population's largest day is."""
    peers, random = _population(seed)
    newcomers = [float(random.normal(*STYLES[number % len(STYLES)])) for number in range(4_000)]
    assert not [size for size in newcomers if Habit().surprise(size, peers, SIZES) >= 5]
    largest = max(peers.tops)
    assert Habit().surprise(largest + math.log(3), peers, SIZES) < 5
    assert Habit().surprise(largest + math.log(100), peers, SIZES) >= 5
    beyond = [Habit().surprise(largest + math.log(times), peers, SIZES) for times in (3, 10, 30, 100)]
    assert beyond == sorted(beyond)
    # Of a quantity that is no logarithm the tail is not known.
    plain = Scale(-math.inf, 0.3, math.log(2.5))
    assert Habit().surprise(largest + math.log(100), peers, plain) < 5


def test_a_population_that_is_hardly_known_judges_nobody():
    peers = Peers(0.5)
    for _ in range(MIN_PEER_DAYS - 1):
        peers.learn(1.0, None)
    assert Habit().surprise(100.0, peers, SIZES) == 0
