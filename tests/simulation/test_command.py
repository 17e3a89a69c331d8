"""The command `tradegraph simulate`, from its arguments to its exit code."""

import json

import pytest

from cli.main import main


@pytest.fixture
def scenario_file(tmp_path, market_dir, scenario):
    path = tmp_path / "scenario.json"
    path.write_text(json.dumps(scenario))
    return path


def test_simulate_prints_the_results_by_id(scenario_file, market_dir, capsys):
    assert main(["simulate", str(scenario_file), "--market-dir", str(market_dir)]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["one"]["orders"]["a"]["status"] == "FILLED"
    assert printed.err == ""


def test_files_are_searched_beside_the_scenario_by_default(scenario_file, market_dir, capsys):
    assert main(["simulate", str(scenario_file)]) == 3
    assert capsys.readouterr().err == "tradegraph: NOT_FOUND: scenario 'one': quotes.csv: No such file or directory\n"
    (scenario_file.parent / "quotes.csv").write_text((market_dir / "quotes.csv").read_text())
    assert main(["simulate", str(scenario_file)]) == 0


def test_an_invalid_scenario_gives_one_line_and_exit_code_2(tmp_path, market_dir, scenario, capsys):
    scenario["actions"][0]["placeOrder"]["quantity"] = "NaN"
    path = tmp_path / "scenario.json"
    path.write_text(json.dumps(scenario))
    assert main(["simulate", str(path), "--market-dir", str(market_dir)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == (
        "tradegraph: BAD_USER_INPUT: scenario.json: scenario 'one': actions[0]: placeOrder: quantity must be finite, "
        "with at most 18 digits on either side of the point: 'NaN'\n"
    )


@pytest.mark.parametrize(("status", "code", "differences"), [("FILLED", 0, 0), ("CANCELED", 1, 1)])
def test_check_compares_results_with_expectations(tmp_path, market_dir, scenario, capsys, status, code, differences):
    path = tmp_path / "scenario.json"
    path.write_text(json.dumps(scenario))
    main(["simulate", str(path), "--market-dir", str(market_dir)])
    scenario["expected"] = json.loads(capsys.readouterr().out)["one"]
    scenario["expected"]["orders"]["a"]["status"] = status
    path.write_text(json.dumps(scenario))
    assert main(["simulate", str(path), "--market-dir", str(market_dir), "--check"]) == code
    printed = capsys.readouterr()
    assert printed.out == ("" if code == 0 else f"one: orders.a.status: FILLED instead of {status}\n")
    assert printed.err == f"1 scenarios, {differences} differences\n"
