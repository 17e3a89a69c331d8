"""The time of the tests of each folder, from the reports of a run."""

from collections import Counter
from collections.abc import Iterable, Iterator

from pytest import TestReport  # noqa: PT013  a type, not a marker


def folder_times(reports: Iterable[object]) -> Iterator[str]:
    """A line per folder, the longest first: seconds of set-up, call and teardown, tests, and the folder."""
    seconds: Counter[str] = Counter()
    tests: Counter[str] = Counter()
    for report in reports:
        if isinstance(report, TestReport):
            folder = report.nodeid.partition("::")[0].rpartition("/")[0]
            seconds[folder] += report.duration  # type: ignore[assignment]  # a Counter adds what it is given
            tests[folder] += report.when == "call"
    for folder, spent in seconds.most_common():
        yield f"{spent:8.1f} s {tests[folder]:6} tests  {folder}"
