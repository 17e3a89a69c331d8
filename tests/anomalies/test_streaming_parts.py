"""The parts of the streaming detector: tails, recent values, rhythms, the prediction, the gate of alarms."""

import json
import math

import numpy as np
import pytest

from domain.anomalies.streaming.alarms import (
    ALARM_SURPRISE,
    CLEARLY_MORE,
    LEAST_QUIET_READINGS,
    MOST_QUIET_NANOS,
    MOST_QUIET_READINGS,
    QUIET_PART,
    AlarmGate,
)
from domain.anomalies.streaming.prediction import LAGS, Predictor
from domain.anomalies.streaming.recent import Recent, mean, novelty, spread
from domain.anomalies.streaming.rhythm import DAY, DAY_NANOS, WEEK, WEEK_NANOS, Rhythm, usual_pause
from domain.anomalies.streaming.tails import MAX_SURPRISE, MAX_VALUES, MIN_VALUES, Tail
from domain.kernel.time import NANOS_PER_SECOND

HOUR = 3_600 * NANOS_PER_SECOND


def _tail(values):
    tail = Tail()
    for value in values:
        tail.learn(value)
    tail.refresh()
    return tail


class TestTail:
    def test_the_threshold_of_a_tail_is_the_80th_percentile(self):
        values = np.random.default_rng(1).exponential(3.0, 5_000)
        assert _tail(values).threshold == pytest.approx(np.quantile(values, 0.8), rel=0.02)

    def test_surprise_approximates_the_logarithm_of_rarity(self):
        tail = _tail(np.random.default_rng(1).exponential(3.0, 5_000))
        for probability in (0.1, 0.01, 0.001):
            # The model's tail is heavier than an exponential one: it is less surprised.
            surprise = tail.surprise(-3.0 * math.log(probability), 0.0)
            assert -math.log10(probability) * 0.7 < surprise < -math.log10(probability) * 1.05

    def test_surprise_rises_with_the_value_up_to_a_maximum(self):
        tail = _tail(np.random.default_rng(1).exponential(3.0, 500))
        surprises = [tail.surprise(value, 0.0) for value in (0.0, tail.threshold, 12.0, 20.0, 50.0, 1e9)]
        assert surprises[:2] == [0.0, 0.0]
        assert surprises == sorted(surprises)
        assert surprises[-1] == MAX_SURPRISE

    def test_a_tail_of_few_values_gives_no_surprise(self):
        assert _tail([1.0] * (MIN_VALUES - 1)).surprise(1e9, 0.0) == 0.0
        assert _tail([1.0] * MIN_VALUES).surprise(1e9, 0.0) == MAX_SURPRISE

    def test_differences_below_the_resolution_give_no_surprise(self):
        tail = _tail([0.0] * 200)
        assert tail.surprise(1e-6, 0.0) == MAX_SURPRISE
        assert tail.surprise(1e-6, 1e-3) < ALARM_SURPRISE

    def test_old_values_lose_weight(self):
        tail = _tail([100.0] * MAX_VALUES)
        assert tail.threshold == pytest.approx(100, rel=0.05)
        for _ in range(4 * MAX_VALUES):
            tail.learn(1.0)
        tail.refresh()
        assert tail.threshold == pytest.approx(1, rel=0.06)

    def test_a_tail_is_restored_from_its_state(self):
        tail = _tail(np.random.default_rng(2).lognormal(0, 2, 777))
        assert Tail.from_state(json.loads(json.dumps(tail.state()))).state() == tail.state()


class TestRecent:
    def test_the_newest_values_are_kept_in_order(self):
        recent = Recent(5)
        for value in range(23):
            recent.append(float(value))
            kept = [float(number) for number in range(max(0, value - 4), value + 1)]
            assert recent.last(5).tolist() == kept
            assert recent.last(99).tolist() == kept
            assert recent.last(2).tolist() == kept[-2:]

    def test_recent_values_are_restored_exactly_from_their_state(self):
        recent = Recent(3)
        for value in (0.1, 1e-300, 1 / 3, -2.5):
            recent.append(value)
        restored = Recent.from_state(3, recent.state())
        assert restored.last(3).tolist() == [1e-300, 1 / 3, -2.5]
        restored.append(7.0)
        assert restored.last(3).tolist() == [1 / 3, -2.5, 7.0]

    def test_mean_and_spread_are_exact_also_far_from_zero(self):
        values = np.array([1.0, 2.0, 3.0, 4.0]) + 1e9
        assert mean(values) == 1e9 + 2.5
        assert spread(values) == pytest.approx(math.sqrt(1.25))

    def test_novelty_is_the_distance_to_the_nearest_earlier_stretch(self):
        values = np.array([0.0, 1.0, 0.0, 5.0, 5.0, 5.0, 0.0, 1.0, 1.5])
        # The newest stretch (0, 1, 1.5) is nearest to (0, 1, 0): only the last of three values differs, by 1.5.
        assert novelty(values, 3) == math.sqrt(2.25 / 3)
        assert novelty(np.tile([1.0, 2.0, 3.0, 4.0], 5), 3) == 0.0

    def test_novelty_needs_a_stretch_that_does_not_overlap(self):
        assert novelty(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), 3) == 0.0
        assert novelty(np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), 3) == 3.0


class TestRhythm:
    def test_a_rhythm_expects_the_values_of_this_time_of_day_and_its_neighbours(self):
        times = [index * HOUR for index in range(48)]
        rhythm = Rhythm(DAY, times, [float(index % 24) for index in range(48)])
        assert rhythm.expected(100 * DAY_NANOS + 5 * HOUR) == (4.0, 6.0)
        assert rhythm.expected(100 * DAY_NANOS) == (0.0, 23.0)
        assert rhythm.distance(5 * HOUR, 5.0) == 0.0
        assert rhythm.distance(5 * HOUR, 9.0) == rhythm.distance(5 * HOUR, 1.0) == 3.0

    def test_a_rhythm_expects_nothing_at_times_without_values(self):
        rhythm = Rhythm(DAY, [index * HOUR for index in range(5)], [1.0] * 5)
        assert rhythm.expected(12 * HOUR) is None
        assert rhythm.distance(12 * HOUR, 1.0) is None
        assert rhythm.expected(5 * HOUR) == (1.0, 1.0)

    def test_a_rhythm_learns_from_new_days(self):
        rhythm = Rhythm(DAY, [index * HOUR for index in range(24)], [10.0] * 24)
        for day in range(1, 40):
            for hour in range(24):
                rhythm.learn(day * DAY_NANOS + hour * HOUR, 20.0)
        low, high = rhythm.expected(3 * HOUR)
        assert 19.9 < low <= high <= 20.0

    def test_a_weekly_rhythm_separates_its_days(self):
        times = [index * HOUR for index in range(14 * 24)]
        rhythm = Rhythm(WEEK, times, [float(index // 24 % 7) for index in range(14 * 24)])
        assert rhythm.expected(50 * WEEK_NANOS + 3 * DAY_NANOS + 5 * HOUR) == (3.0, 3.0)
        assert rhythm.expected(50 * WEEK_NANOS + 4 * DAY_NANOS) == (3.0, 4.0)

    @pytest.mark.parametrize("pause", [DAY_NANOS, WEEK_NANOS])
    @pytest.mark.parametrize("cycle", [DAY, WEEK])
    def test_a_daily_series_has_no_rhythm(self, cycle, pause):
        assert Rhythm(cycle, [index * pause for index in range(10)], [1.0] * 10).expected(0) is None

    @pytest.mark.parametrize("times", [[], [5], [5, 5, 5]])
    def test_times_without_an_interval_have_no_rhythm(self, times):
        assert Rhythm(DAY, times, [1.0] * len(times)).expected(0) is None

    def test_the_usual_interval_ignores_times_that_do_not_advance(self):
        assert usual_pause([0, 10, 10, 20, 15, 500]) == 10
        assert usual_pause([7, 7, 7]) == DAY_NANOS

    def test_a_rhythm_is_restored_from_its_state(self):
        rhythm = Rhythm(WEEK, [index * HOUR for index in range(90)], [float(index) for index in range(90)])
        restored = Rhythm.from_state(WEEK, json.loads(json.dumps(rhythm.state())))
        for again in (rhythm, restored):
            again.learn(95 * HOUR, 3.0)
        assert restored.state() == rhythm.state()
        assert restored.expected(95 * HOUR) == rhythm.expected(95 * HOUR) is not None


class TestPredictor:
    @staticmethod
    def _errors(values, predictor):
        return [predictor.error(values[max(0, index - 50) : index], values[index]) for index in range(len(values))]

    def test_the_predictor_learns_a_wave(self):
        values = 50 + 10 * np.sin(np.arange(600) / 9)
        errors = self._errors(values, Predictor())
        assert errors[:LAGS] == [0.0] * LAGS
        assert max(errors[400:]) < 0.1

    def test_an_outlier_gives_its_size_as_error_and_changes_the_prediction_little(self):
        values = 50 + 10 * np.sin(np.arange(900) / 9)
        values[500] += 1_000
        errors = self._errors(values, Predictor())
        assert errors[500] == pytest.approx(1_000, rel=0.01)
        assert max(errors[800:]) < 5

    def test_a_predictor_is_restored_from_its_state(self):
        values = np.random.default_rng(4).normal(0, 1, 300)
        first = Predictor()
        self._errors(values[:200], first)
        second = Predictor.from_state(json.loads(json.dumps(first.state())))
        for predictor in (first, second):
            predictor.error(values[:200], float(values[200]))
        assert second.state() == first.state()


class TestAlarmGate:
    def test_the_score_is_one_half_at_the_alarm_threshold(self):
        assert AlarmGate().pass_on(100, 0, ALARM_SURPRISE) == 0.5
        assert 0.0 < AlarmGate().pass_on(100, 0, 0.9 * ALARM_SURPRISE) < 0.5

    def test_an_alarm_is_not_repeated_for_a_while_unless_it_worsens_clearly(self):
        gate = AlarmGate()
        assert gate.pass_on(100, 0, 3.0) > 0.5
        assert gate.pass_on(101, 0, 3.0 + 0.9 * CLEARLY_MORE) == 0.0
        assert gate.pass_on(102, 0, 3.0 + CLEARLY_MORE) > 0.5
        assert gate.pass_on(102 + LEAST_QUIET_READINGS, 0, 3.0) == 0.0
        assert gate.pass_on(103 + LEAST_QUIET_READINGS, 0, 3.0) > 0.5

    def test_a_value_below_the_alarm_threshold_silences_nothing(self):
        gate = AlarmGate()
        gate.pass_on(100, 0, 0.9 * ALARM_SURPRISE)
        assert gate.pass_on(101, 0, ALARM_SURPRISE) == 0.5

    def test_the_silence_after_an_alarm_is_bounded_by_a_share_of_the_history(self):
        gate, number = AlarmGate(), 5_000
        quiet = int(QUIET_PART * number)
        gate.pass_on(number - quiet, 0, 2.0)
        assert gate.pass_on(number, 0, 2.0) == 0.0
        assert gate.pass_on(number + 20, 0, 2.0) > 0.5

    def test_the_silence_after_an_alarm_is_bounded_in_time_and_readings(self):
        gate, number = AlarmGate(), 1_000_000
        gate.pass_on(number, 0, 2.0)
        assert gate.pass_on(number + 11, MOST_QUIET_NANOS, 2.0) == 0.0
        assert gate.pass_on(number + 12, MOST_QUIET_NANOS + 1, 2.0) > 0.5
        gate = AlarmGate(number, 0, 2.0)
        assert gate.pass_on(number + MOST_QUIET_READINGS, 0, 2.0) == 0.0
        assert gate.pass_on(number + MOST_QUIET_READINGS + 1, 0, 2.0) > 0.5
