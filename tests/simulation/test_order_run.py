"""Scenarios from their file to their result, on a small made-up market."""

import json

import pytest

from adapters.simulation import MarketDataError, deviations, read_scenarios, simulate
from adapters.simulation.order_run import nine_digits


@pytest.fixture
def run(tmp_path, market_dir):
    def run_(content):
        path = tmp_path / "scenario.json"
        path.write_text(json.dumps(content))
        (scenario,) = read_scenarios(path)
        return simulate(scenario, market_dir)

    return run_


def action(at, name, **fields):
    return {"at": f"2024-01-01T00:00:{at}Z", name: fields}


def place(at, name, side, kind, quantity, **fields):
    order = {"clientOrderId": name, "symbol": "X", "side": side, "type": kind, "quantity": quantity}
    return action(at, "placeOrder", **order | {"timeInForce": "GTC"} | fields)


def executions(result, name="a"):
    return [
        " ".join((row["at"][17:-1], row["quantity"], row["price"], row["liquidity"][0], row["fee"]))
        for row in result["orders"][name]["executions"]
    ]


def test_a_result_has_the_documented_fields(run, scenario):
    assert run(scenario) == {
        "orders": {
            "a": {
                "status": "FILLED",
                "quantity": "10",
                "filledQuantity": "10",
                "executions": [
                    {
                        "at": "2024-01-01T00:00:01.500000000Z",
                        "price": "100.1",
                        "quantity": "5",
                        "liquidity": "TAKER",
                        "fee": "0.1001",
                    },
                    {
                        "at": "2024-01-01T00:00:02.000000001Z",
                        "price": "100",
                        "quantity": "3",
                        "liquidity": "TAKER",
                        "fee": "0.06",
                    },
                    {
                        "at": "2024-01-01T00:00:03.500000000Z",
                        "price": "100.6",
                        "quantity": "2",
                        "liquidity": "TAKER",
                        "fee": "0.04024",
                    },
                ],
            }
        },
        "position": {"quantity": "10"},
    }


@pytest.mark.parametrize(
    ("at", "first"), [("01", None), ("01.000000001", "100.1"), ("02.000000001", "100.1"), ("02.000000002", "100")]
)
def test_an_action_sees_the_last_event_before_it(run, scenario, at, first):
    scenario["actions"] = [place(at, "a", "BUY", "MARKET", "1")]
    order = run(scenario)["orders"]["a"]
    assert [row["price"] for row in order["executions"]] == ([] if first is None else [first])
    assert order["status"] == ("REJECTED" if first is None else "FILLED")


def test_a_window_bounds_the_data_on_both_sides(run, scenario):
    scenario["data"][0] |= {"from": "2024-01-01T00:00:02.000000001Z", "to": "2024-01-01T00:00:03.5Z"}
    scenario["actions"] = [
        place("02", "early", "BUY", "MARKET", "1"),
        place("02.5", "a", "SELL", "LIMIT", "9", limitPrice="100.4"),
    ]
    result = run(scenario)
    assert result["orders"]["early"]["status"] == "REJECTED"
    assert executions(result) == ["03.500000000 4 100.4 M 0.04016"]


@pytest.mark.parametrize(("default_size", "filled"), [("3", "3"), (None, "10")])
def test_a_default_size_replaces_missing_sizes(run, scenario, default_size, filled):
    scenario["data"] = [{"kind": "quotes", "file": "sizeless.csv", "defaultSize": default_size}]
    assert run(scenario)["orders"]["a"]["filledQuantity"] == filled


def test_trades_drive_the_market_of_a_run(run, scenario):
    scenario["data"] = [{"kind": "trades", "file": "trades.csv"}]
    scenario["actions"] = [place("02", "a", "BUY", "MARKET", "4")]
    assert executions(run(scenario)) == ["02.000000000 2 100 T 0.04", "03.000000000 2 101 T 0.0404"]


def test_a_book_drives_the_market_of_a_run(run, scenario):
    scenario["data"] = [{"kind": "book", "file": "book.csv.gz"}]
    scenario["actions"] = [
        # The delta before the snapshot is gone, the one that is not newer than it as well.
        place("01.7", "a", "BUY", "MARKET", "4", timeInForce="IOC"),
        place("02.5", "b", "BUY", "MARKET", "9", timeInForce="IOC"),
        place("03.5", "c", "SELL", "MARKET", "99", timeInForce="IOC"),
    ]
    result = run(scenario)
    assert executions(result, "a") == ["01.700000000 1 100.1 T 0.02002", "01.700000000 2 100.2 T 0.04008"]
    assert executions(result, "b") == ["02.500000000 2 100.2 T 0.04008", "02.500000000 4 100.3 T 0.08024"]
    assert executions(result, "c") == ["03.500000000 7 99.9 T 0.13986", "03.500000000 2 99.8 T 0.03992"]


def test_a_window_that_starts_later_still_knows_the_book(run, scenario):
    scenario["data"] = [{"kind": "book", "file": "book.csv.gz", "from": "2024-01-01T00:00:02.5Z"}]
    scenario["actions"] = [place("04", "a", "BUY", "MARKET", "5", timeInForce="IOC")]
    assert executions(run(scenario)) == ["04.000000000 2 100.2 T 0.04008", "04.000000000 3 100.3 T 0.06018"]


def test_kinds_of_data_are_merged_by_time(run, scenario):
    scenario["data"] = [{"kind": "quotes", "file": "quotes.csv"}, {"kind": "trades", "file": "trades.csv"}]
    scenario["actions"] = [place("01.2", "a", "BUY", "STOP", "1", stopPrice="101", triggerPrice="LAST")]
    assert executions(run(scenario)) == ["03.000000000 1 100 T 0.02"]


def test_cancels_and_changes_apply_and_late_ones_are_refused(run, scenario):
    scenario["actions"] = [
        place("01.1", "a", "BUY", "LIMIT", "3", limitPrice="99"),
        place("01.1", "b", "SELL", "LIMIT", "3", limitPrice="105", strategy="s"),
        place("01.1", "c", "BUY", "LIMIT", "3", limitPrice="99"),
        action("01.2", "modifyOrder", clientOrderId="a", limitPrice="100", quantity="2"),
        action("01.3", "cancelOrders", symbol="X", strategy="s"),
        action("01.4", "modifyOrder", clientOrderId="c", limitPrice="100", expectedVersion=2),
        action("05", "cancelOrder", clientOrderId="a"),
        action("05", "cancelOrders", side="BUY"),
    ]
    result = run(scenario)
    assert executions(result) == ["02.000000001 2 100 M 0.02"]
    assert [result["orders"][name]["status"] for name in "abc"] == ["FILLED", "CANCELED", "CANCELED"]
    assert result["orders"]["c"]["filledQuantity"] == "0"


def test_cancelling_by_filter_cancels_whole_groups(run, scenario):
    entry = {"symbol": "X", "side": "BUY", "type": "LIMIT", "quantity": "1", "limitPrice": "90", "clientOrderId": "e"}
    scenario["actions"] = [
        action("01.1", "placeBracket", entry=entry, takeProfit={"type": "LIMIT", "limitPrice": "110"}),
        action("01.2", "cancelOrders"),
    ]
    result = run(scenario)
    assert {name: order["status"] for name, order in result["orders"].items()} == {
        "e": "CANCELED",
        "order2": "CANCELED",
    }


def test_a_bracket_and_an_oco_run_to_their_end(run, scenario):
    entry = {"symbol": "X", "side": "BUY", "type": "MARKET", "quantity": "2", "clientOrderId": "e"}
    leg = {"symbol": "X", "side": "SELL", "quantity": "1", "timeInForce": "GTC"}
    scenario["actions"] = [
        action(
            "01.1",
            "placeBracket",
            entry=entry,
            takeProfit={"clientOrderId": "tp", "type": "LIMIT", "limitPrice": "100.4"},
            stopLoss={"clientOrderId": "sl", "type": "STOP", "stopPrice": "98"},
        ),
        action(
            "01.2",
            "placeOco",
            first=leg | {"clientOrderId": "l", "type": "LIMIT", "limitPrice": "101"},
            second=leg | {"clientOrderId": "s", "type": "STOP", "stopPrice": "90"},
        ),
    ]
    result = run(scenario)
    statuses = {name: order["status"] for name, order in result["orders"].items()}
    assert statuses == {"e": "FILLED", "tp": "FILLED", "sl": "CANCELED", "l": "FILLED", "s": "CANCELED"}
    assert result["position"] == {"quantity": "-1"}


def test_fees_of_an_inverse_contract_include_minimum_and_tax(run, scenario):
    scenario["instrument"] |= {"multiplier": "100", "inverse": True}
    scenario["instrument"]["fees"] |= {"minimum": "0.002", "perUnit": "0.0001", "sellTaxRate": "0.001"}
    scenario["actions"] = [place("01.1", "a", "SELL", "MARKET", "7")]
    rows = run(scenario)["orders"]["a"]["executions"]
    # 5 x 100 / 99.9 x 0.0002 + 5 x 0.0001 = 0.00150100, and 0.0006008 for two: the order owes at least 0.002 of both.
    assert [(row["quantity"], row["fee"], row["tax"]) for row in rows] == [
        ("5", "0.002", "0.00500501"),
        ("2", "0.0001018", "0.00200401"),
    ]


def test_market_data_errors_name_the_scenario(run, scenario):
    scenario["data"][0]["file"] = "nowhere.csv"
    with pytest.raises(MarketDataError, match=r"scenario 'one': nowhere\.csv: No such file"):
        run(scenario)


def test_deviations_from_the_expected_result_are_reported(tmp_path, market_dir, scenario):
    path = tmp_path / "scenario.json"
    scenario["expected"] = {"orders": {"a": {"status": "FILLED", "quantity": 10, "filledQuantity": "10.0"}}}
    path.write_text(json.dumps(scenario))
    (read,) = read_scenarios(path)
    result = simulate(read, market_dir)
    assert deviations(read, result) == ["one: orders.a.executions: not expected", "one: position: not expected"]


@pytest.mark.parametrize(
    ("at", "text"),
    [(0, "1970-01-01T00:00:00.000000000Z"), (1_723_161_257_969_512_164, "2024-08-08T23:54:17.969512164Z")],
)
def test_times_have_nine_fraction_digits(at, text):
    assert nine_digits(at) == text


def test_a_market_with_negative_prices_is_simulated(run, scenario, market_dir):
    rows = ["2024-01-01T00:00:01Z,X,-30.5,-30,9,9", "2024-01-01T00:00:04Z,X,-20.5,-20,9,9"]
    rows += ["2024-01-01T00:00:06Z,X,-0.5,0,9,9", "2024-01-01T00:00:08Z,X,-5,-4.5,9,9"]
    (market_dir / "power.csv").write_text("\n".join(["ts,symbol,bid,ask,bid_size,ask_size", *rows]) + "\n")
    scenario["instrument"] |= {"tickSize": "0.5", "assetClass": "FUTURE"}
    scenario["data"] = [{"kind": "quotes", "file": "power.csv"}]
    scenario["actions"] = [
        place("02", "a", "BUY", "LIMIT", "2", limitPrice="-30"),
        place("02", "b", "SELL", "STOP", "1", stopPrice="-35"),
        place("03", "c", "SELL", "TRAILING_STOP", "1", trailingOffset="1000", trailingOffsetKind="BASIS_POINTS"),
        place("03", "d", "SELL", "LIMIT", "1", limitPrice="-20.5"),
        place("07", "e", "BUY", "LIMIT", "1", limitPrice="0"),
    ]
    result = run(scenario)
    assert [executions(result, name) for name in "abcde"] == [
        ["02.000000000 2 -30 T 0.012"],
        [],
        ["08.000000000 1 -5 T 0.001"],
        ["04.000000000 1 -20.5 M 0.00205"],
        ["07.000000000 1 0 T 0"],
    ]
