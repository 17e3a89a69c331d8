"""The meaning of Accept and Content-Type headers."""

import pytest

from api.transport.negotiation import answer_type, content_type, wants_page

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (GRAPHQL, GRAPHQL),
        (f"{JSON}, {GRAPHQL}", GRAPHQL),
        (f"{JSON}, {GRAPHQL};q=0.9", JSON),
        (f"{GRAPHQL}, */*;q=0.1", GRAPHQL),
        (f"{GRAPHQL};q=0, */*", JSON),
        ("Application/JSON", JSON),
        (f"{JSON};charset=utf-8", JSON),
        (f"{JSON};charset=utf-16", None),
        (f"{JSON};q=0", None),
        (f"{JSON};q=nonsense", None),
        ("text/html", None),
        ("text/event-stream", None),
        (f"text/event-stream, {JSON}", JSON),
        (",", None),
        ("x" * 2_000, None),
    ],
)
def test_the_answer_type_follows_the_accept_header(accept: str | None, expected: str | None) -> None:
    assert answer_type(accept) == expected


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("text/html,application/xhtml+xml,*/*;q=0.8", True),
        ("*/*", False),
        (JSON, False),
        (None, False),
        ("text/html;q=0", False),
    ],
)
def test_only_clients_that_accept_html_get_a_page(accept: str | None, expected: bool) -> None:
    assert wants_page(accept) is expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("application/json", (JSON, True)),
        ("Application/JSON ; charset=UTF-8", (JSON, True)),
        ('application/json; charset="utf8"', (JSON, True)),
        ("application/json; charset=latin-1", (JSON, False)),
        ("", ("", True)),
    ],
)
def test_the_content_type_must_be_json(header: str, expected: tuple[str, bool]) -> None:
    assert content_type(header) == expected
