"""Every worked example of the independent engine, fill for fill."""

from pathlib import Path

import pytest

from adapters.simulation import deviations, read_scenarios, simulate

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
MARKET = SHARED / "market"
FILES = (SHARED / "oracle" / "orders.json", SHARED / "oracle" / "positions.json")
present = all(path.exists() for path in (*FILES, MARKET))

pytestmark = pytest.mark.skipif(not present, reason="needs the worked examples and market data in ../shared/data")


def scenarios():
    return [scenario for path in FILES for scenario in read_scenarios(path)] if present else []


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda scenario: scenario.id)
def test_the_result_equals_that_of_the_independent_engine(scenario):
    assert scenario.expected is not None
    assert deviations(scenario, simulate(scenario, MARKET)) == []


def test_every_worked_example_is_tested():
    assert len(scenarios()) == 46 + 22
