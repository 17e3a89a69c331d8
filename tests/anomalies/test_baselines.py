"""Baselines: robust middle and spread by the hour, and the probabilities that surprise is made of."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from domain.anomalies.baselines import (
    MAX_SURPRISE,
    Baseline,
    Subjects,
    binomial_upper_tail,
    surprise_of,
    upper_tail,
)

START = datetime(2026, 3, 2, tzinfo=UTC)


def _learnt(values_of_hour, days=20, per_hour=4):
    random = np.random.default_rng(1)
    baseline = Baseline(0.1)
    for day in range(days):
        for hour in range(24):
            for _ in range(per_hour):
                at = START + timedelta(days=day, hours=hour)
                baseline.learn(at, values_of_hour(hour) + float(random.normal(0, 1)))
    return baseline


def test_a_baseline_learns_median_and_spread_of_each_hour():
    baseline = _learnt(lambda hour: 100.0 if 8 <= hour < 16 else 10.0)
    assert baseline.usual(START + timedelta(hours=12)) == (pytest.approx(100, abs=0.3), pytest.approx(1, abs=0.35))
    assert baseline.usual(START + timedelta(hours=3)) == (pytest.approx(10, abs=0.3), pytest.approx(1, abs=0.3))
    assert baseline.surprise(START + timedelta(hours=3), 100.0) > 10
    assert baseline.surprise(START + timedelta(hours=12), 100.0) < 1


def test_quiet_times_among_busy_ones_do_not_widen_the_spread():
    baseline = Baseline(0.1)
    for index in range(50):
        baseline.learn(START + timedelta(minutes=index), 4.0 if index % 5 < 3 else 0.0)
    assert baseline.usual(START) == (4.0, 0.1)


def test_an_hour_with_few_values_uses_the_whole_history():
    baseline = Baseline(0.1)
    for index in range(100):
        baseline.learn(START + timedelta(hours=9, days=index), 5.0)
    assert baseline.usual(START + timedelta(hours=20)) == (5.0, 0.1)


def test_a_few_outliers_do_not_move_a_baseline():
    baseline = _learnt(lambda hour: 50.0)
    for hour in range(24):
        for _ in range(5):
            baseline.learn(START + timedelta(hours=hour), 1e6)
    middle, spread = baseline.usual(START)
    assert middle == pytest.approx(50, abs=0.5)
    assert spread < 2


def test_surprise_rises_with_values_above_the_baseline_only():
    baseline = _learnt(lambda hour: 50.0)
    surprises = [baseline.surprise(START, value) for value in (0.0, 49.0, 52.0, 55.0, 60.0, 1e12)]
    assert surprises[:2] == [0.0, 0.0]
    assert surprises == sorted(surprises)
    assert 5 < surprises[4] < 9
    assert surprises[-1] > 100


def test_a_mix_of_quiet_and_busy_times_has_a_wide_spread():
    baseline = Baseline(1.0)
    for index in range(40):
        baseline.learn(START + timedelta(hours=index % 24), 10.0 if index % 5 == 0 else 0.0)
    assert baseline.usual(START) == (0.0, pytest.approx(10 / 1.2816))


def test_a_baseline_without_values_has_median_zero():
    assert Baseline(0.5).usual(START) == (0.0, 0.5)


def test_a_baseline_is_restored_from_its_state():
    baseline = _learnt(float, days=3)
    restored = Baseline.from_state(json.loads(json.dumps(baseline.state())))
    assert restored.state() == baseline.state()
    assert restored.usual(START) == baseline.usual(START)


@pytest.mark.parametrize(
    ("degrees", "deviations", "probability"),
    # From scipy.stats.t.sf.
    [
        (2, 0.5, 0.333333),
        (2, 3.0, 0.047733),
        (2, 8.0, 0.00763404),
        (2, 40.0, 0.000312207),
        (2, 60.0, 0.000138831),
        (2, 500.0, 1.99999e-06),
        (10, 0.5, 0.313947),
        (10, 3.0, 0.00667183),
        (10, 8.0, 5.88747e-06),
        (10, 40.0, 1.14043e-12),
        (10, 60.0, 2.00926e-14),
        (10, 500.0, 1.25977e-23),
        (16, 0.5, 0.311941),
        (16, 3.0, 0.00423975),
        (16, 8.0, 2.77272e-07),
        (16, 40.0, 9.10788e-18),
        (16, 60.0, 1.44563e-20),
        (16, 500.0, 2.76248e-35),
    ],
)
def test_the_upper_tail_is_that_of_students_t(degrees, deviations, probability):
    assert upper_tail(deviations, degrees) == pytest.approx(probability, rel=1e-5, abs=0)


def test_the_binomial_tail_is_a_sum_of_probabilities():
    assert binomial_upper_tail(0, 30, 0.02) == pytest.approx(1.0)
    assert binomial_upper_tail(30, 30, 0.5) == pytest.approx(0.5**30)
    # From scipy.stats.binom.sf.
    assert binomial_upper_tail(5, 30, 0.02) == pytest.approx(0.000300330579)


def test_surprise_is_bounded():
    assert surprise_of(0.01) == pytest.approx(2)
    assert surprise_of(0.0) == MAX_SURPRISE


def test_the_subject_without_values_for_longest_is_dropped():
    subjects = Subjects(list, 2)
    subjects["a"].append(1)
    subjects["b"].append(2)
    subjects["a"].append(3)
    subjects["c"].append(4)
    assert dict(subjects.items()) == {"a": [1, 3], "c": [4]}
    assert subjects["b"] == []
    assert len(subjects) == 2
