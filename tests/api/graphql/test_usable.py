"""Text and numbers that nothing can keep are refused wherever they stand, with the field, before anything runs."""

from datetime import datetime
from typing import Annotated, Any

import pytest
import strawberry
from hypothesis import given
from hypothesis import strategies as st

from api.context import Context
from api.errors import RequestError
from api.graphql.documents import Documents
from api.graphql.runner import run
from api.graphql.usable import check_values, is_usable
from api.limits import RequestLimits
from api.schema import build_schema
from domain.kernel.time import Nanos

NUL = "\x00"
RECEIVED: list[Any] = []


@strawberry.input
class Leg:
    note: str | None = None
    at: datetime | None = None
    seen: Nanos | None = None


@strawberry.input
class Given:
    legs: list[Leg] | None = None
    leg: Leg | None = None
    name: str | None = None


@strawberry.type
class Query:
    @strawberry.field
    def find(
        self,
        text: str | None = None,
        id: strawberry.ID | None = None,
        number: int | None = None,
        since: Annotated[datetime | None, strawberry.argument(name="from")] = None,
        filter: Given | None = None,
    ) -> bool:
        RECEIVED.append(filter.leg if filter is not None else since)
        return True


DOCUMENTS = Documents(build_schema([Query]), RequestLimits())


async def ask(text: str, **variables: Any) -> dict[str, Any]:
    """The extensions of the first error, or nothing."""
    RECEIVED.clear()
    context = Context(None)  # type: ignore[arg-type]  # nothing is asked of it
    try:
        operation = DOCUMENTS.prepare(text, None, trusted=True)
        answer = await run(operation.executor(variables, context), None)
    except RequestError as error:
        extensions: dict[str, Any] = dict(error.errors[0]["extensions"])
        return extensions
    errors = answer.content.get("errors")
    return dict(errors[0]["extensions"]) if errors else {}


@pytest.mark.parametrize("text", ["a", "", "ü\n\t", "👩‍👩‍👧", "￿"])
def test_usable_text_and_numbers_pass(text: str) -> None:
    assert is_usable(text)


@pytest.mark.parametrize("text", [NUL, "a\x00", "\ud800", "ü\udfff"])
def test_unusable_text_and_numbers_are_refused(text: str) -> None:
    assert not is_usable(text)


@given(st.text(st.characters(codec="utf-8")))
def test_every_text_without_nul_is_usable(text: str) -> None:
    assert is_usable(text) == ("\x00" not in text)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (r'{ find(text: "a\u0000b") }', {"field": "text"}),
        (r'{ find(id: "\u{0}") }', {"field": "id"}),
        (r'{ find(filter: {name: "\u0000"}) }', {"field": "filter.name"}),
        (r'{ find(filter: {leg: {note: "\u0000"}}) }', {"field": "filter.leg.note"}),
        (r'query ($t: String = "\u0000") { find(text: $t) }', {"field": "t"}),
        ("{ find(number: " + "9" * 900_000 + ") }", {"field": "number"}),
        ("{ find(id: " + "9" * 100 + ") }", {"field": "id"}),
        ("{ find(number: 1" + "0" * 100 + ".5) }", {"field": "number"}),
        ('{ find(from: "2026-01-01T00:00:00.123456789Z") }', {"field": "from"}),
        ('{ find(filter: {leg: {at: "2026-01-01T00:00:00.123456789Z"}}) }', {"field": "filter.leg.at"}),
        ('{ find(from: "1500-01-01T00:00:00Z") }', {"field": "from"}),
    ],
)
async def test_unusable_literals_are_refused_with_their_field(text: str, field: dict[str, Any]) -> None:
    assert await ask(text) == {"code": "BAD_USER_INPUT", **field}
    assert RECEIVED == []


ALL = """query ($t: String, $id: ID, $n: Int, $from: DateTime, $f: Given) {
    find(text: $t, id: $id, number: $n, from: $from, filter: $f) }"""


@pytest.mark.parametrize(
    ("variables", "field"),
    [
        ({"t": NUL}, {"field": "text"}),
        ({"id": f"a{NUL}"}, {"field": "id"}),
        ({"f": {"name": NUL}}, {"field": "filter.name"}),
        ({"f": {"legs": [{"note": "a"}, {"note": NUL}]}}, {"field": "filter.legs.1.note", "index": 1}),
        ({"f": {"leg": {"note": NUL}}}, {"field": "filter.leg.note"}),
        ({"n": 1e30}, {"field": "number"}),
        ({"n": 2**31}, {"field": "number"}),
        ({"from": "2262-01-01T00:00:00Z"}, {"field": "from"}),
        ({"from": "2026-01-01T00:00:00.123456789Z"}, {"field": "from"}),
        ({"f": {"leg": {"at": "2026-01-01T00:00:00.123456789Z"}}}, {"field": "filter.leg.at"}),
        # Also what no variable is declared for.
        ({"other": [NUL]}, {}),
    ],
)
async def test_unusable_variables_are_refused_with_their_field(
    variables: dict[str, Any], field: dict[str, Any]
) -> None:
    refused = await ask(ALL, **variables)
    assert refused == ({"code": "BAD_USER_INPUT", **field} if field else {})
    assert (RECEIVED == []) == bool(field)


async def test_a_time_is_refused_beyond_the_precision_of_its_type() -> None:
    nanos, micros = "2026-01-01T00:00:00.123456789Z", "2026-01-01T00:00:00.123456Z"
    text = f'{{ find(filter: {{leg: {{at: "{micros}", seen: "{nanos}"}}}}) }}'
    for refused in (
        await ask(text),
        await ask("query ($f: Given) { find(filter: $f) }", f={"leg": {"at": micros, "seen": nanos}}),
    ):
        assert refused == {}
        (leg,) = RECEIVED
        assert (type(leg.at), leg.at.microsecond) == (datetime, 123_456)
        assert (type(leg.seen), leg.seen % 1_000_000_000) == (Nanos, 123_456_789)


@pytest.mark.parametrize("text", ["{ find(filter: " + "[" * 1_900 + "]" * 1_900 + ") }", "{ a" * 1_990 + "}" * 1_990])
async def test_too_deeply_nested_documents_are_refused(text: str) -> None:
    assert (await ask(text))["code"] in {"GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"}


def test_too_deeply_nested_values_are_refused() -> None:
    value: Any = NUL
    for _ in range(1_000):
        value = [value]
    with pytest.raises(RequestError) as caught:
        check_values({"v": {"inner": value}}, lambda name: (name,))
    assert caught.value.code == "BAD_USER_INPUT"
