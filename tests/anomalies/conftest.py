"""Simulated weeks, made once: they are values that no test changes."""

import pytest

from tests.support.trading_week import NormalWeeks


@pytest.fixture(scope="session")
def weeks():
    return [NormalWeeks(seed) for seed in range(2)]
