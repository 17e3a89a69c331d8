"""Facts that say nothing true: left out and counted, without a finding."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest

from domain.anomalies.detectors.catalogue import DETECTORS
from domain.anomalies.facts import Executed, OrderEnded, OrderPlaced, Sampled
from domain.anomalies.intake import FROZEN_FACTS, LATE_SECONDS, Intake, IntakeRefusal
from domain.orders.model.types import Side
from tests.support.trading_week import ACCOUNT, MISDEED, SYMBOL

ORDER = OrderPlaced(
    "one", ACCOUNT, SYMBOL, Side.BUY, Decimal(1), Decimal(100), Decimal(100), Decimal(100), MISDEED, "owner"
)


def _run(detectors, facts):
    return [
        found
        for fact in facts
        for detector in detectors
        if isinstance(fact, detector.reads)
        for found in detector.observe(fact)
    ]


def test_facts_are_read_once():
    intake = Intake()
    later = replace(ORDER, id="two", at=MISDEED + timedelta(seconds=1))
    assert [intake.admits(fact) for fact in (ORDER, ORDER, later, ORDER, later)] == [True, False, True, False, False]
    assert intake.refused == {IntakeRefusal.REPEATED: 3}


def test_facts_that_arrive_far_too_late_are_ignored():
    intake = Intake()
    assert intake.admits(ORDER)
    assert intake.admits(replace(ORDER, id="a little", at=MISDEED - timedelta(seconds=LATE_SECONDS)))
    assert not intake.admits(replace(ORDER, id="far", at=MISDEED - timedelta(seconds=LATE_SECONDS + 1)))
    assert intake.refused == {IntakeRefusal.LATE: 1}


@pytest.mark.parametrize("wrong", ["NaN", "sNaN", "Infinity"])
@pytest.mark.parametrize("name", ["quantity", "notional", "price", "reference_price"])
def test_facts_that_are_not_finite_numbers_are_ignored(name, wrong):
    intake = Intake()
    assert not intake.admits(replace(ORDER, **{name: Decimal(wrong)}))
    assert not intake.admits(Sampled("web", "latencyMs", float("nan"), MISDEED))
    assert intake.refused == {IntakeRefusal.NOT_A_NUMBER: 2}


def test_a_clock_that_stands_still_for_several_accounts_is_noticed():
    intake = Intake()
    admitted = [
        intake.admits(replace(ORDER, id=str(index), account_id=f"account {index % 5}"))
        for index in range(FROZEN_FACTS + 50)
    ]
    assert admitted == [True] * FROZEN_FACTS + [False] * 50
    assert intake.refused == {IntakeRefusal.FROZEN_CLOCK: 50}
    assert intake.admits(replace(ORDER, id="next", at=MISDEED + timedelta(seconds=1)))


@pytest.mark.parametrize("seed", range(2))
def test_absurd_facts_neither_stop_a_detector_nor_raise_a_finding(weeks, seed):
    random = np.random.default_rng(seed)
    usual = [fact for fact in weeks[seed].facts if isinstance(fact, OrderPlaced | OrderEnded | Executed)]
    usual = [fact for fact in usual if fact.at < MISDEED][-4_000:]
    wild = []
    for fact in usual:
        wild.append(fact)
        chance = random.random()
        if chance < 0.1:
            wild.append(fact)
        elif chance < 0.15:
            wild.append(replace(fact, at=fact.at - timedelta(days=int(random.integers(1, 400)))))
        elif chance < 0.2 and isinstance(fact, OrderPlaced):
            wild.append(replace(fact, id=f"{fact.id}?", notional=Decimal("NaN")))
    for start in range(0, len(wild) - 8, 8):
        wild[start : start + 8] = [wild[start + int(index)] for index in random.permutation(8)]
    detectors = [made() for made in DETECTORS.values()]
    plain = [made() for made in DETECTORS.values()]
    kinds = {found.kind for found in _run(plain, usual)}
    assert {found.kind for found in _run(detectors, wild)} <= kinds
    refused = {reason for detector in detectors for reason in detector.intake.refused}
    assert refused == {IntakeRefusal.REPEATED, IntakeRefusal.LATE, IntakeRefusal.NOT_A_NUMBER}
