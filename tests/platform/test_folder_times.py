"""Test time by folder, as `make test` shows it."""

import pytest

from tests.support.folder_times import folder_times


def report(nodeid: str, when: str, duration: float) -> pytest.TestReport:
    return pytest.TestReport(nodeid, ("", 0, ""), {}, "passed", None, when, duration=duration)  # type: ignore[arg-type]


def test_times_of_all_test_phases_are_added_and_the_longest_folder_is_first() -> None:
    reports = [
        report("tests/a/test_x.py::test_1", "setup", 1.0),
        report("tests/a/test_x.py::test_1", "call", 0.5),
        report("tests/b/c/test_y.py::test_2[x::y]", "call", 2.5),
        "a warning, which is no report",
    ]
    assert list(folder_times(reports)) == ["     2.5 s      1 tests  tests/b/c", "     1.5 s      1 tests  tests/a"]
