"""Executions booked in order."""

import json

import pytest

from adapters.simulation import read_scenarios, simulate


def run(tmp_path, content):
    path = tmp_path / "positions.json"
    path.write_text(json.dumps(content))
    (scenario,) = read_scenarios(path)
    return simulate(scenario, tmp_path)["positions"]


def execution(symbol, side, quantity, price, **terms):
    return {"symbol": symbol, "side": side, "quantity": quantity, "price": price} | terms


def test_symbols_are_separate_and_a_position_without_a_mark_has_no_value(tmp_path):
    rows = [
        execution("A", "BUY", "2", "10", multiplier="5", fee="1"),
        execution("B", "SELL", "100", "50000", multiplier="100", inverse=True),
        execution("A", "SELL", "1", "12", multiplier="5", fee="1"),
        execution("C", "BUY", "1", "3"),
        execution("C", "SELL", "1", "3"),
    ]
    assert run(tmp_path, {"executions": rows, "marks": {"A": "11", "C": "9"}}) == {
        "A": {"quantity": "1", "averagePrice": "10", "realizedPnl": "10", "unrealizedPnl": "5"},
        "B": {"quantity": "-100", "averagePrice": "50000", "realizedPnl": "0", "unrealizedPnl": None},
        "C": {"quantity": "0", "averagePrice": None, "realizedPnl": "0", "unrealizedPnl": "0"},
    }


def test_no_executions_give_no_positions(tmp_path):
    assert run(tmp_path, {"executions": [], "marks": {}}) == {}


@pytest.mark.parametrize(
    ("entry", "exit_price", "mark", "average", "realized", "unrealized"),
    [
        ("-30", "-31", "-29", "-30", "-10", "10"),
        ("0", "-1", "1", "0", "-10", "10"),
        ("-1", "0", "0", "-1", "10", "10"),
        ("30", "-30", "-30", "30", "-600", "-600"),
    ],
)
def test_prices_of_zero_and_below_are_booked(tmp_path, entry, exit_price, mark, average, realized, unrealized):
    rows = [
        execution("P", "BUY", "2", entry, multiplier="10"),
        execution("P", "SELL", "1", exit_price, multiplier="10"),
    ]
    found = run(tmp_path, {"executions": rows, "marks": {"P": mark}})["P"]
    assert found == {"quantity": "1", "averagePrice": average, "realizedPnl": realized, "unrealizedPnl": unrealized}
