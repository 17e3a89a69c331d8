"""The simulator: scenarios from files, run through the platform's own exchange and position rules."""

from pathlib import Path
from typing import Any

from adapters.simulation.comparison import differences
from adapters.simulation.errors import MarketDataError, MarketDataMissing, ScenarioError, SimulationError
from adapters.simulation.order_run import run_orders
from adapters.simulation.position_run import run_positions
from adapters.simulation.scenario import OrderScenario, PositionScenario, Scenario, read_scenarios

__all__ = [
    "MarketDataError",
    "MarketDataMissing",
    "OrderScenario",
    "PositionScenario",
    "Scenario",
    "ScenarioError",
    "SimulationError",
    "deviations",
    "read_scenarios",
    "simulate",
]


def simulate(scenario: Scenario, market_dir: Path) -> dict[str, Any]:
    """Run one scenario.

    Raises:
        SimulationError: its market data cannot be used.
    """
    if isinstance(scenario, PositionScenario):
        return run_positions(scenario)
    try:
        return run_orders(scenario, market_dir)
    except SimulationError as error:
        raise type(error)(f"scenario {scenario.id!r}: {error}") from error


def deviations(scenario: Scenario, result: dict[str, Any]) -> list[str]:
    """Differences of a result from its scenario's expectation, one line each; none without an expectation."""
    if scenario.expected is None:
        return []
    found = differences(scenario.expected, result, exact=isinstance(scenario, OrderScenario))
    return sorted(f"{scenario.id}: {line}" for line in found)
