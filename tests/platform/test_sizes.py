"""The checks of sizes and of ignored findings find what is too large, and what has no reason."""

import pytest

from linting.ignores import unreasoned
from linting.sizes import oversizes


def _function(lines: int, decorator: str = "") -> str:
    body = "\n".join(f"    value = {number}" for number in range(lines))
    return f'{decorator}def work():\n    """A number."""\n{body}\n'


@pytest.mark.parametrize(
    ("path", "source", "found"),
    [
        ("domain/a.py", _function(58), 0),
        ("domain/a.py", _function(59), 1),
        ("tests/a.py", _function(80), 0),
        ("domain/a.py", "\n" * 399, 0),
        ("domain/a.py", "\n" * 400, 1),
        ("tests/a.py", "\n" * 599, 0),
        ("tests/a.py", "\n" * 600, 1),
        ("api/a.py", _function(10, "@strawberry.field(description='A.')\n"), 0),
        ("api/a.py", _function(11, "@strawberry.field(description='A.')\n"), 1),
        ("api/a.py", _function(11, "@strawberry.mutation\n"), 1),
        ("api/a.py", _function(11), 0),
    ],
)
def test_what_is_larger_than_its_limit_is_found(path: str, source: str, found: int) -> None:
    assert len(list(oversizes(path, source))) == found


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("x = 1  # noqa" + ": ARG001", 1),
        ("x = 1  # noqa" + ": ARG001, S608", 1),
        ("x = 1  # type: " + "ignore[misc]", 1),
        ("x = 1  # noqa" + ": ARG001  the library calls it with two", 0),
        ("x = 1  # type: " + "ignore[misc]  # the library has no types", 0),
        ("x = 1  # a comment", 0),
    ],
)
def test_an_ignored_finding_without_a_reason_is_found(line: str, found: int) -> None:
    assert len(unreasoned(line)) == found
