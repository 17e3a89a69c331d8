"""`tradegraph simulate`: run scenarios against recorded market data and print the results of their orders."""

import argparse
import json
import sys
from pathlib import Path

from adapters.simulation import SimulationError, deviations, read_scenarios, simulate

EPILOG = """\
exit codes: 0 done, 1 --check found a difference, 2 scenario or market data is wrong, 3 market data is missing
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument("scenarios", type=Path, help='scenario file: one scenario, a list, or {"scenarios": [...]}')
    parser.add_argument(
        "--market-dir",
        type=Path,
        metavar="DIR",
        help="where the market data files are (the scenario file's own directory unless given)",
    )
    parser.add_argument(
        "--check", action="store_true", help="print only where results differ from what the scenarios expect"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run every scenario; the results go to standard output as one JSON object by scenario id."""
    path: Path = arguments.scenarios
    market_dir: Path = arguments.market_dir or path.parent
    try:
        scenarios = read_scenarios(path)
        results = {scenario.id: simulate(scenario, market_dir) for scenario in scenarios}
    except SimulationError as error:
        print(f"tradegraph: {error.code}: {' '.join(str(error).split())}", file=sys.stderr)
        return error.exit_status
    if not arguments.check:
        json.dump(results, sys.stdout, indent=1)
        print()
        return 0
    found = [line for scenario in scenarios for line in deviations(scenario, results[scenario.id])]
    for line in found:
        print(line)
    print(f"{len(scenarios)} scenarios, {len(found)} differences", file=sys.stderr)
    return 1 if found else 0
