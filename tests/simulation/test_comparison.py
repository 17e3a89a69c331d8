"""Results against expectations."""

import pytest

from adapters.simulation.comparison import differences


@pytest.mark.parametrize(
    ("expected", "actual", "exact", "found"),
    [
        ({"a": "1.0", "b": 2}, {"a": "1", "b": "2.00"}, True, []),
        ({"a": "1"}, {"a": "1.0000000001"}, True, ["a: 1.0000000001 instead of 1"]),
        ({"a": "1"}, {"a": "1.0000000001"}, False, []),
        ({"a": "1"}, {"a": "1.000000002"}, False, ["a: 1.000000002 instead of 1"]),
        ({"a": None}, {"a": None}, False, []),
        ({"a": None}, {"a": "0"}, False, ["a: 0 instead of None"]),
        ({"a": "NEW"}, {"a": "FILLED"}, True, ["a: FILLED instead of NEW"]),
        ({"a": {"b": 1}}, {"a": {}, "c": 1}, True, ["a.b: missing", "c: not expected"]),
        ([1, 2, 3], [1, 4, 5], True, ["[1]: 4 instead of 2"]),
        ({"a": [1, 2]}, {"a": [1]}, True, ["a: 1 instead of 2"]),
        ([{"b": 1}], [{"b": 2}], True, ["[0].b: 2 instead of 1"]),
    ],
)
def test_each_difference_from_the_expectation_is_named(expected, actual, exact, found):
    assert sorted(differences(expected, actual, exact=exact)) == found
