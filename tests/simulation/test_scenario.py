"""Each fault of a scenario is one line that names its place."""

import copy
import json
import sys

import pytest

from adapters.simulation import OrderScenario, PositionScenario, ScenarioError, read_scenarios


@pytest.fixture
def read(tmp_path):
    def read_(content):
        path = tmp_path / "file.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return read_scenarios(path)

    return read_


def changed(scenario, path, value):
    """A copy with the value at a path of keys replaced; None removes it."""
    copied = copy.deepcopy(scenario)
    target = copied
    for key in path[:-1]:
        target = target[key]
    if value is None:
        del target[path[-1]]
    else:
        target[path[-1]] = value
    return copied


ORDER = ("actions", 0, "placeOrder")
WRONG = [
    (("instrument",), None, "instrument is missing"),
    (("instrument",), [], "instrument: must be an object"),
    (("instrument", "symbol"), None, "symbol is missing"),
    (("instrument", "tickSize"), "0", "tickSize must be above zero: 0"),
    (("instrument", "tickSize"), "-0.1", "tickSize must be above zero: -0.1"),
    (("instrument", "multiplier"), "1e400", "multiplier must be finite"),
    (("instrument", "inverse"), "yes", "inverse must be true or false"),
    (("instrument", "colour"), "red", "unknown field 'colour'"),
    (("instrument", "fees", "makerRate"), "NaN", "makerRate must be finite"),
    (("instrument", "fees", "minimum"), "-1", "minimum must not be negative"),
    (("data",), [], "data is missing"),
    (("data",), {}, "data must be a list"),
    (("data", 0, "kind"), "rumours", "kind must be one of quotes, trades, book, not 'rumours'"),
    (("data", 0, "file"), None, "file is missing"),
    (("data", 0, "from"), "yesterday", "from is no time"),
    (("data", 0, "from"), "2024-01-01T00:00:00", "from is no time"),
    (("data", 0, "from"), 5, "from is no time"),
    (("data", 0, "speed"), 5, "unknown field 'speed'"),
    (("colour",), "red", "unknown field 'colour'"),
    (("actions", 0, "at"), None, "at is missing"),
    (("actions", 0, "at"), "2024-13-01T00:00:00Z", "at is no time"),
    (("actions", 0, "cancelOrders"), {}, "must hold one of placeOrder, placeBracket"),
    ((*ORDER, "quantity"), None, "quantity is missing"),
    ((*ORDER, "quantity"), "ten", "quantity is no number: 'ten'"),
    ((*ORDER, "quantity"), True, "quantity is no number: True"),
    ((*ORDER, "quantity"), "Infinity", "quantity must be finite"),
    ((*ORDER, "quantity"), "-1", "quantity must be above zero: -1"),
    ((*ORDER, "quantity"), "0.0000000000000000001", "at most 18 digits"),
    ((*ORDER, "side"), "BYU", "side must be one of BUY, SELL, not 'BYU'"),
    ((*ORDER, "type"), None, "type is missing"),
    ((*ORDER, "symbol"), "Z", "symbol 'Z' is unknown; the scenario's instrument is 'X'"),
    ((*ORDER, "clientOrderId"), "", "clientOrderId must be a text"),
    ((*ORDER, "limitPrize"), "1", "unknown field 'limitPrize'"),
    ((*ORDER, "limitPrice"), "1", "limitPrice makes no sense for a MARKET order"),
    ((*ORDER, "type"), "LIMIT", "limitPrice is missing for a LIMIT order"),
    ((*ORDER, "type"), "STOP", "stopPrice is missing for a STOP order"),
    ((*ORDER, "type"), "TRAILING_STOP", "trailingOffset is missing for a TRAILING_STOP order"),
    ((*ORDER, "timeInForce"), "GTD", "expiresAt belongs to a GTD order"),
    ((*ORDER, "expiresAt"), "2024-01-01T00:00:00Z", "expiresAt belongs to a GTD order"),
]


@pytest.mark.parametrize(("path", "value", "problem"), WRONG)
def test_each_fault_of_a_scenario_is_named(read, scenario, path, value, problem):
    with pytest.raises(ScenarioError) as refused:
        read(changed(scenario, path, value))
    assert str(refused.value).startswith("file.json: scenario 'one':")
    assert problem in str(refused.value)
    assert "\n" not in str(refused.value)


ENTRY = {"symbol": "X", "side": "BUY", "type": "MARKET", "quantity": "1", "clientOrderId": "e"}
WRONG_ACTIONS = [
    ({"placeBracket": {"entry": ENTRY}}, "takeProfit or stopLoss must be given"),
    (
        {"placeBracket": {"entry": ENTRY | {"reduceOnly": True}, "stopLoss": {"type": "STOP", "stopPrice": "1"}}},
        "reduceOnly makes no sense for the entry",
    ),
    ({"placeBracket": {"entry": ENTRY, "stopLoss": {"type": "STOP"}}}, "stopLoss: stopPrice is missing"),
    ({"placeBracket": {"entry": ENTRY, "stopLoss": {"type": "STOP", "side": "BUY"}}}, "stopLoss: stopPrice is missing"),
    ({"placeOco": {"first": ENTRY}}, "second is missing"),
    ({"placeOco": {"first": ENTRY, "second": ENTRY}}, "clientOrderId 'e' is in use already"),
    (
        {"placeOco": {"first": ENTRY, "second": ENTRY | {"clientOrderId": "f", "accountId": "other"}}},
        "second must be of the same account",
    ),
    ({"cancelOrder": {"clientOrderId": "nobody"}}, "clientOrderId 'nobody' has not been placed"),
    ({"cancelOrder": {}}, "clientOrderId is missing"),
    ({"cancelOrders": {"symbol": "Z"}}, "symbol 'Z' is unknown"),
    ({"modifyOrder": {"clientOrderId": "nobody", "quantity": "1"}}, "has not been placed"),
    ({"modifyOrder": {"clientOrderId": "a", "expectedVersion": "1"}}, "expectedVersion must be a whole number"),
    (
        {
            "placeOrder": ENTRY
            | {"type": "TRAILING_STOP", "trailingOffset": "10000", "trailingOffsetKind": "BASIS_POINTS"}
        },
        "in basis points must be below 10,000",
    ),
    ({"placeOrder": ENTRY | {"type": "TRAILING_STOP_LIMIT", "trailingOffset": "1"}}, "limitOffset is missing"),
    ({"placeOrder": ENTRY | {"clientOrderId": "a"}}, "clientOrderId 'a' is in use already"),
    ({"dance": {}}, "must hold one of"),
]


@pytest.mark.parametrize(("action", "problem"), WRONG_ACTIONS)
def test_each_fault_of_an_action_is_named(read, scenario, action, problem):
    scenario["actions"].append({"at": "2024-01-01T00:00:05Z"} | action)
    with pytest.raises(ScenarioError, match=r"actions\[1\]") as refused:
        read(scenario)
    assert problem in str(refused.value)


def test_actions_run_in_order_of_time(read, scenario):
    scenario["actions"].append({"at": "2024-01-01T00:00:01Z", "cancelOrder": {"clientOrderId": "a"}})
    with pytest.raises(ScenarioError, match=r"actions\[1\]: at is before the action before it"):
        read(scenario)


def test_a_window_that_ends_before_it_starts_is_refused(read, scenario):
    scenario["data"][0] |= {"from": "2024-01-01T00:00:01.000000001Z", "to": "2024-01-01T00:00:01Z"}
    with pytest.raises(ScenarioError, match=r"data\[0\]: to is before from"):
        read(scenario)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "is not JSON"),
        ("{", "is not JSON"),
        ('{"a": NaN}', "NaN is no number"),
        ("[" * 100_000, "nested too deeply"),
        ("5", "scenario 1: must be an object"),
        ('{"scenarios": 5}', "scenarios must be a list"),
        (
            '{"executions": [{"symbol": "X", "side": "BUY", "quantity": "1", "price": "0", "inverse": true}]}',
            "price must be above zero",
        ),
        ('{"executions": [{"symbol": "X", "side": "BUY", "quantity": "1", "price": "1", "x": 1}]}', "unknown field"),
        ('{"executions": [], "marks": {"Z": "1"}}', "unknown field 'Z'"),
    ],
)
def test_a_file_that_is_no_scenario_is_refused(read, content, problem):
    with pytest.raises(ScenarioError) as refused:
        read(content)
    assert problem in str(refused.value)
    assert sys.getrecursionlimit() < 100_000


def test_an_unreadable_file_is_refused(tmp_path):
    with pytest.raises(ScenarioError, match="No such file"):
        read_scenarios(tmp_path / "nowhere.json")
    with pytest.raises(ScenarioError, match="Is a directory"):
        read_scenarios(tmp_path)
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ScenarioError, match="is not UTF-8"):
        read_scenarios(tmp_path / "bytes.json")


def test_a_file_holds_one_scenario_a_list_or_an_object_of_scenarios(read, scenario):
    unnamed = {name: value for name, value in scenario.items() if name != "id"}
    assert [found.id for found in read(unnamed)] == ["file"]
    assert [found.id for found in read([unnamed, scenario])] == ["1", "one"]
    assert [found.id for found in read({"scenarios": [scenario]})] == ["one"]
    with pytest.raises(ScenarioError, match="scenario 'one': there is another one of this id"):
        read([scenario, scenario])


def test_order_scenarios_and_position_scenarios_are_told_apart(read, scenario):
    execution = {"symbol": "X", "side": "BUY", "quantity": 1, "price": 2.5, "fee": "-0.1"}
    orders, positions = read([scenario, {"executions": [execution], "marks": {"X": "3"}}])
    assert isinstance(orders, OrderScenario)
    assert isinstance(positions, PositionScenario)
    assert str(positions.executions[0].price) == "2.5"


def test_terms_of_a_symbol_cannot_change_within_a_scenario(read):
    rows = [
        {"symbol": "X", "side": "BUY", "quantity": "1", "price": "2", "multiplier": multiplier} for multiplier in "12"
    ]
    with pytest.raises(ScenarioError, match="must be the same in all executions of X"):
        read({"executions": rows})
