"""The streaming detector: what it promises of every series, and what it finds in made-up ones."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.anomalies.streaming.detector import LEARNING_READINGS, MEMORY_READINGS, StreamDetector
from domain.anomalies.streaming.types import Reason
from tests.support.series import NORMAL, PLANTED, PLANTED_AT, READINGS, alarms, at, normal, planted, score_all

# Long enough for a score, short enough to draw many.
LENGTH = LEARNING_READINGS + 60
ANY_FLOAT = st.floats(allow_nan=True, allow_infinity=True)
TAME_OR_WILD = st.one_of(st.floats(-10, 10), st.sampled_from([0.0, 1.0]), ANY_FLOAT)
SERIES = st.lists(TAME_OR_WILD, min_size=60, max_size=60).map(
    lambda wild: np.array([math.sin(index) for index in range(LEARNING_READINGS)] + wild)
)


@settings(max_examples=20, deadline=None)
@given(SERIES)
def test_any_reading_gets_a_score_between_0_and_1(values):
    for score in score_all(values):
        assert 0.0 <= score.score < 1.0
        assert score.surprise >= 0.0
        assert math.isfinite(score.measured)
        assert math.isfinite(score.usual)


@settings(max_examples=10, deadline=None)
@given(SERIES, st.integers(0, LENGTH))
def test_scores_do_not_depend_on_what_comes_later(values, length):
    assert _comparable(score_all(values)[:length]) == _comparable(score_all(values[:length]))


@settings(max_examples=10, deadline=None)
@given(SERIES, st.integers(0, LENGTH))
def test_a_detector_continues_from_its_state_without_a_difference(values, stop):
    first = StreamDetector()
    score_all(values[:stop], first)
    resumed = StreamDetector.from_state(json.loads(json.dumps(first.state())))
    assert _comparable(score_all(values[stop:], resumed, stop)) == _comparable(score_all(values[stop:], first, stop))
    assert resumed.state() == first.state()


def test_a_long_series_continues_from_its_state_without_a_difference():
    values = np.tile(planted("spike", 7), 3)
    stop = MEMORY_READINGS * 2 + 77
    first = StreamDetector()
    score_all(values[:stop], first)
    resumed = StreamDetector.from_state(json.loads(json.dumps(first.state())))
    assert score_all(values[stop : stop + 500], resumed, stop) == score_all(values[stop : stop + 500], first, stop)


def test_the_memory_of_a_detector_is_bounded():
    random = np.random.default_rng(3)
    detector = StreamDetector()
    score_all(random.lognormal(0, 3, MEMORY_READINGS), detector)
    half_way = len(json.dumps(detector.state()))
    score_all(random.lognormal(0, 3, 3 * MEMORY_READINGS), detector, MEMORY_READINGS)
    assert len(json.dumps(detector.state())) < 1.25 * half_way < 100_000


def test_a_state_of_another_version_is_refused():
    state = StreamDetector().state() | {"version": 0}
    with pytest.raises(ValueError, match="the state is of version 0, not 2"):
        StreamDetector.from_state(state)


def test_a_missing_reading_scores_nothing_and_changes_nothing():
    detector = StreamDetector()
    score_all(normal("noise", 1)[:500], detector)
    before = detector.state()
    for value in (math.nan, math.inf, -math.inf):
        score = detector.update(at(500), value)
        assert (score.score, score.surprise, score.reason) == (0.0, 0.0, None)
        assert score.expected == pytest.approx(40, abs=3)
    assert detector.state() == before


def test_times_may_repeat_go_backwards_and_have_gaps():
    values = planted("spike", 1)
    random = np.random.default_rng(1)
    detector = StreamDetector()
    moments = [at(int(index)) for index in np.arange(READINGS) + random.integers(-20, 20, READINGS)]
    scores = [detector.update(moment, value) for moment, value in zip(moments, values.tolist(), strict=True)]
    assert PLANTED_AT in alarms(scores)


@pytest.mark.parametrize("value", [0.0, 45.0, -1e9, 1e300])
def test_a_constant_series_raises_no_alarm(value):
    scores = score_all(np.full(600, value))
    assert all(score.score == 0.0 and score.surprise == 0.0 for score in scores)


def test_the_first_change_of_a_constant_series_raises_an_alarm():
    values = np.full(600, 45.0)
    values[500] = 46.0
    assert alarms(score_all(values))[0] == 500


def test_rounding_noise_raises_no_alarm():
    values = np.full(600, 1e6)
    values[1::2] += 1e-7
    values[500] += 2e-7
    assert alarms(score_all(values)) == []


@pytest.mark.parametrize("kind", NORMAL)
def test_normal_series_raise_almost_no_alarm(kind):
    # A new extreme of the past is surprising now and then, the more so the shorter the past: two days are for learning.
    # What comes in bursts gives alarm most often: about once a day.
    found = [index for seed in range(2) for index in alarms(score_all(normal(kind, seed))) if index >= 576]
    assert len(found) <= (15 if kind == "bursts" else 2)


def test_a_repeated_incident_raises_an_alarm_again():
    values = normal("noise", 5)
    for start in (700, 1_000, 1_300, 1_600):
        values[start : start + 5] += 40
    found = alarms(score_all(values))
    assert all(any(start <= index < start + 8 for index in found) for start in (700, 1_000, 1_300, 1_600))


def test_a_frozen_feed_raises_an_alarm():
    values = normal("noise", 6)
    values[1_500:] = values[1_499]
    found = [index for index in alarms(score_all(values)) if index >= 1_500]
    assert found
    assert found[0] < 1_600


@pytest.mark.parametrize("kind", PLANTED)
@pytest.mark.parametrize("seed", range(2))
def test_a_planted_departure_raises_an_alarm_soon(kind, seed):
    scores = score_all(planted(kind, seed))
    found = [index for index in alarms(scores) if PLANTED_AT <= index < PLANTED_AT + 150]
    assert found
    assert scores[found[0]].reason is not None


def test_the_alarm_of_a_spike_is_explained():
    values = planted("spike", 2)
    score = score_all(values)[PLANTED_AT]
    assert score.observed == values[PLANTED_AT]
    assert score.expected == pytest.approx(40, abs=5)
    assert score.reason in set(Reason) - {Reason.CALM, Reason.SHORT_CALM}
    assert score.measured > score.usual > 0
    assert f"{score.measured:.6g}, usually up to {score.usual:.6g}" in score.explanation
    assert score_all(normal("noise", 2)[:50])[-1].explanation == "nothing unusual"


def test_scores_do_not_depend_on_the_unit_of_a_series():
    values = planted("level shift", 4)[: PLANTED_AT + 10]
    plain = [score.surprise for score in score_all(values)]
    # Histograms of other units have the edges of their bins elsewhere: what is at a threshold may be on either side.
    assert [score.surprise for score in score_all(values * 1e6 - 3e5)] == pytest.approx(plain, abs=0.8)


def _comparable(scores):
    return [repr(score) for score in scores]
