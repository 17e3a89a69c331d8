"""The detectors on simulated weeks: silent on what is normal, and each finds what is planted for it."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from domain.anomalies.detectors.catalogue import DETECTORS
from domain.anomalies.detectors.front_running import _most_surprising
from domain.anomalies.facts import MarketChecked, OrderPlaced, Quoted
from domain.anomalies.types import AnomalyKind, Tuning
from domain.orders.model.types import Side
from domain.risk.types import Severity
from tests.support.trading_week import ACCOUNT, INNOCENT, MISDEED, PLANTED, SECOND_WEEK, SYMBOL, merged

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


def _run(detector, facts):
    return [found for fact in facts if isinstance(fact, detector.reads) for found in detector.observe(fact)]


def test_each_kind_has_one_detector():
    assert set(DETECTORS) == set(AnomalyKind)
    for kind, detector in DETECTORS.items():
        assert detector.kind == kind
        assert detector.description
        assert detector().tuning == Tuning(0.5, detector.warmup)


@pytest.mark.parametrize("kind", AnomalyKind)
def test_normal_weeks_raise_no_finding(kind, weeks):
    for week in weeks:
        found = _run(DETECTORS[kind](), week.facts)
        assert len([one for one in found if one.at < SECOND_WEEK]) <= 1, found
        assert len([one for one in found if one.at >= SECOND_WEEK]) <= 1, found


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_manipulation_is_found_and_explained(name, weeks):
    kind, plant = PLANTED[name]
    for week in weeks:
        planted = plant(week)
        detector = DETECTORS[kind]()
        _run(detector, [fact for fact in week.facts if fact.at < MISDEED])
        later = [fact for fact in week.facts if MISDEED <= fact.at < MISDEED + timedelta(minutes=5)]
        found = _run(detector, merged(later, planted))
        assert found
        first = found[0]
        assert first.kind == kind
        assert first.score >= first.threshold == 5.0
        assert first.explanation
        assert first.observed != first.expected
        evidence = json.loads(json.dumps(first.evidence))
        assert evidence
        named = [one for ids in evidence.values() if isinstance(ids, list) for one in ids]
        if any("Ids" in key for key in evidence):
            assert [one for one in named if "bad" in one]
        if kind != AnomalyKind.SYSTEM_PERFORMANCE:
            assert first.subject.account_id in {ACCOUNT, "other account"}


@pytest.mark.parametrize("name", INNOCENT)
def test_lookalikes_of_manipulation_raise_no_finding(name, weeks):
    kind, plant = INNOCENT[name]
    for week in weeks:
        detector = DETECTORS[kind]()
        usual = [fact for fact in week.facts if fact.at < MISDEED]
        assert _run(detector, merged(usual, plant(week)))[:1] == _run(DETECTORS[kind](), usual)[:1]


@pytest.mark.parametrize("name", PLANTED)
def test_a_detector_remembers_only_the_subjects_of_a_fact(name, weeks):
    kind, plant = PLANTED[name]
    detector = DETECTORS[kind]()
    for fact in plant(weeks[0]):
        if isinstance(fact, detector.reads):
            before = json.dumps(detector.state())
            detector.observe(fact)
            subjects = detector.subjects_of(fact)
            changed = json.loads(before) | json.loads(json.dumps(detector.state(subjects)))
            assert changed == json.loads(json.dumps(detector.state()))
            assert set(detector.state(subjects)) == set(subjects)


@pytest.mark.parametrize("name", PLANTED)
def test_a_detector_continues_from_its_state(name, weeks):
    kind, plant = PLANTED[name]
    facts = merged(weeks[0].facts, plant(weeks[0]))
    facts = [fact for fact in facts if fact.at >= MISDEED - timedelta(days=1)]
    detector, resumed = DETECTORS[kind](), DETECTORS[kind]()
    _run(detector, [fact for fact in facts if fact.at < MISDEED + timedelta(seconds=5)])
    resumed.restore(json.loads(json.dumps(detector.state())))
    rest = [fact for fact in facts if MISDEED + timedelta(seconds=5) <= fact.at < MISDEED + timedelta(hours=2)]
    assert _run(resumed, rest) == _run(detector, rest)
    assert json.dumps(resumed.state()) == json.dumps(detector.state())


def test_a_price_that_stops_is_found_once_until_it_returns(weeks):
    detector = DETECTORS[AnomalyKind.STALE_MARKET_DATA]()
    _run(detector, [fact for fact in weeks[0].facts if fact.at < MISDEED])
    minutes = [MISDEED + timedelta(minutes=minute) for minute in range(1, 20)]
    (found,) = _run(detector, [MarketChecked(SYMBOL, True, at) for at in minutes])
    assert found.subject.symbol == SYMBOL
    assert 120 < found.observed < 600
    assert 10 < found.expected < 60
    assert _run(detector, [Quoted(SYMBOL, minutes[-1])]) == []
    later = [MarketChecked(SYMBOL, True, minutes[-1] + timedelta(minutes=minute)) for minute in range(1, 20)]
    assert len(_run(detector, later)) == 1


def test_a_closed_market_is_not_stale(weeks):
    detector = DETECTORS[AnomalyKind.STALE_MARKET_DATA]()
    _run(detector, [fact for fact in weeks[0].facts if fact.at < MISDEED])
    closed = [MarketChecked(SYMBOL, False, MISDEED + timedelta(minutes=minute)) for minute in range(600)]
    assert _run(detector, closed) == []
    assert _run(detector, [Quoted(SYMBOL, MISDEED + timedelta(minutes=601))]) == []


@pytest.mark.parametrize("name", sorted(set(PLANTED) - {"books that do not prove"}))
def test_a_detector_reports_nothing_during_warm_up(name, weeks):
    kind, plant = PLANTED[name]
    detector = DETECTORS[kind](Tuning(warmup=1_000_000))
    assert _run(detector, merged([fact for fact in weeks[0].facts if fact.at >= SECOND_WEEK], plant(weeks[0]))) == []


def test_sensitivity_moves_the_threshold():
    assert Tuning(sensitivity=0.0).threshold == 7.5
    assert Tuning(sensitivity=0.5).threshold == 5.0
    assert Tuning(sensitivity=1.0).threshold == 2.5
    for wrong in (-0.01, 1.01, float("nan")):
        with pytest.raises(ValueError, match="sensitivity must be between 0 and 1"):
            Tuning(sensitivity=wrong)
    with pytest.raises(ValueError, match="warmup must be at least 1"):
        Tuning(warmup=0)


def test_a_less_sensitive_detector_finds_a_subset_of_a_more_sensitive_one(weeks):
    kind, plant = PLANTED["a huge order"]
    facts = merged(weeks[0].facts, plant(weeks[0]))
    counts = [len(_run(DETECTORS[kind](Tuning(sensitivity, 50)), facts)) for sensitivity in (0.0, 0.5, 1.0)]
    assert counts == sorted(counts)
    assert counts[0] >= 1


def test_broken_books_are_critical_and_reported_once_until_they_prove_again(weeks):
    kind, plant = PLANTED["books that do not prove"]
    detector = DETECTORS[kind]()
    (bad,) = plant(weeks[0])
    good = next(fact for fact in weeks[0].facts if isinstance(fact, type(bad)))
    assert [len(detector.observe(fact)) for fact in (bad, bad, good, bad)] == [1, 0, 0, 1]
    (found,) = DETECTORS[kind]().observe(bad)
    assert found.severity == Severity.CRITICAL
    assert found.explanation == (
        "the books differ in 1 place from the sums of executions and transactions, usual is no difference "
        "(cash: 100.00 in the account, 90.00 in the ledger): the figures of the account are not reliable"
    )
    assert found.fingerprint == f"ACCOUNT_BALANCE|account|||2026-03-12.{found.at.hour // 6}"


@pytest.mark.parametrize(
    ("numbers", "newest", "stretch"),
    [
        # Five in a row after seven without, all of twelve, and now and then.
        ([8.0, 9.0, 10.0, 11.0, 12.0], 12.0, (5, 5)),
        ([float(number) for number in range(1, 13)], 12.0, (12, 12)),
        ([1.0, 4.0, 9.0, 12.0], 12.0, (4, 12)),
    ],
)
def test_a_run_is_judged_by_its_most_surprising_stretch(numbers, newest, stretch):
    hits, orders, surprise = _most_surprising(numbers, newest, 0.03)
    assert (hits, orders) == stretch
    assert (surprise >= 5) == (hits > 4)


def _day_of_orders(day, largest):
    """One order of each account of a population, as large as its day's largest."""
    at = NOW + timedelta(days=day)
    return [_order(f"{account}-{day}", f"account {account}", size, at) for account, size in enumerate(largest)]


def _order(name, account, notional, at):
    size, price = Decimal(round(notional)), Decimal(100)
    return OrderPlaced(name, account, SYMBOL, Side.BUY, size / price, size, price, price, at)


def test_a_first_order_far_beyond_anybody_is_told_and_one_like_the_largest_is_not():
    random = np.random.default_rng(5)
    usual = np.array([2e3] * 5 + [2e4] * 4 + [2e5])
    detector = DETECTORS[AnomalyKind.ORDER_SIZE]()
    days = [_day_of_orders(day, usual * random.lognormal(0, 0.4, len(usual))) for day in range(12)]
    assert not _run(detector, [fact for facts in days for fact in facts])
    later = NOW + timedelta(days=12)
    largest = max(float(fact.notional) for facts in days for fact in facts)
    assert not _run(detector, [_order("n", "newcomer", largest, later), _order("o", "another", 2 * largest, later)])
    (found,) = _run(detector, [_order("h", "stranger", 60 * largest, later)])
    assert found.evidence == {"orderIds": ["h"]}
    assert "of other accounts, as this one has no history" in found.explanation
