"""The codes and bounds in docs/api.md are those of the code."""

import re
from pathlib import Path

import pytest

from api import errors
from api.graphql.validation import MAX_COMPARISONS
from api.limits import RequestLimits
from api.transport import close_codes
from domain.kernel.errors import ErrorCode
from domain.kernel.pages import DEFAULT_PAGE, MAX_PAGE

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
LIMITS = RequestLimits()


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its head."""
    section = PAGE.partition(f"# {heading}\n")[2]
    table = section[section.index("|") :].partition("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def test_the_page_explains_exactly_the_error_codes() -> None:
    own = {errors.PARSE_FAILED, errors.VALIDATION_FAILED, errors.INTERNAL}
    own |= {errors.PERSISTED_QUERY_NOT_FOUND, errors.OPERATION_NOT_ALLOWED}
    assert {row[0].strip("`") for row in rows("Errors")} == own | {code.value for code in ErrorCode}


def test_the_page_explains_every_close_code() -> None:
    codes = {value for value in vars(close_codes).values() if isinstance(value, int) and value >= 4000}
    assert {int(row[0]) for row in rows("Subscriptions")} == codes | {1012, 1013}


@pytest.mark.parametrize(
    ("what", "bounds"),
    [
        ("body of a request", [LIMITS.body_bytes]),
        ("time for a body", [LIMITS.body_seconds]),
        ("tokens of a document", [LIMITS.document_tokens, LIMITS.anonymous_document_tokens]),
        ("depth of an operation", [LIMITS.depth]),
        ("root fields", [LIMITS.root_fields]),
        ("aliases", [LIMITS.aliases]),
        ("fields, with", [LIMITS.fields]),
        ("comparisons of fields", [MAX_COMPARISONS]),
        ("cost:", [LIMITS.cost]),
        ("time of a query", [LIMITS.query_seconds]),
        ("page", [MAX_PAGE]),
        ("operations on one socket", [LIMITS.operations_per_socket]),
        ("sockets of one user", [LIMITS.sockets_per_user]),
        ("event streams of one user", [LIMITS.streams_per_user]),
        ("id of an operation", [LIMITS.operation_id_length]),
        ("events that wait", [LIMITS.queued_events, LIMITS.queued_event_bytes]),
        ("parts of a state", [LIMITS.state_parts]),
    ],
)
def test_each_bound_on_the_page_is_the_one_in_the_code(what: str, bounds: list[float]) -> None:
    (row,) = [row for row in rows("Bounds") if row[0].startswith(what)]
    assert [float(number.replace(",", "")) for number in re.findall(r"\d[\d,]*\d|\d", row[1])] == bounds


def test_the_default_page_size_on_the_page_is_the_one_in_the_code() -> None:
    assert f"{DEFAULT_PAGE} items unless asked otherwise" in PAGE
