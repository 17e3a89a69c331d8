"""Scalars keep what they are given, to the last digit, and refuse what they cannot keep."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import orjson
import pytest
import strawberry
from graphql import GraphQLError, GraphQLSchema, graphql_sync
from hypothesis import given
from hypothesis import strategies as st
from strawberry.schema.config import StrawberryConfig

from api.graphql.encoding import encode
from api.scalars import (
    JSON,
    SCALARS,
    Cursor,
    PreciseDatetime,
    parse_date,
    parse_datetime,
    parse_decimal,
    raw_json,
    to_nanos,
)
from domain.kernel.numbers import within_bounds
from domain.kernel.time import Nanos

RECEIVED: list[Any] = []


@strawberry.type
class Query:
    @strawberry.field
    def decimal(self, value: Decimal) -> Decimal:
        RECEIVED.append(value)
        return value

    @strawberry.field
    def at(self, value: datetime) -> datetime:
        RECEIVED.append(value)
        return value

    @strawberry.field
    def nanos(self, value: datetime) -> Nanos:
        return to_nanos(value)

    @strawberry.field
    def day(self, value: date) -> date:
        RECEIVED.append(value)
        return value

    @strawberry.field
    def json(self, value: JSON) -> JSON:
        RECEIVED.append(value)
        return value

    @strawberry.field
    def cursor(self, value: Cursor) -> Cursor:
        return value

    @strawberry.field
    def bad(self, kind: str) -> Decimal:
        values: dict[str, Any] = {"nan": Decimal("NaN"), "float": 0.1, "bool": True}
        return values[kind]  # type: ignore[no-any-return]

    @strawberry.field
    def bad_time(self, kind: str) -> datetime:
        values: dict[str, Any] = {"naive": datetime(2026, 1, 1), "text": "2026-01-01T00:00:00Z"}  # noqa: DTZ001
        return values[kind]  # type: ignore[no-any-return]

    @strawberry.field
    def bad_day(self) -> date:
        return datetime(2026, 1, 1, tzinfo=UTC)

    @strawberry.field
    def count(self) -> Decimal:
        return 7  # type: ignore[return-value]


SCHEMA: GraphQLSchema = strawberry.Schema(Query, config=StrawberryConfig(scalar_map=SCALARS))._schema


def ask(field: str, value: Any) -> Any:
    """The answer to a value sent as a variable, over JSON."""
    type_ = {"nanos": "DateTime", "at": "DateTime", "day": "Date", "json": "JSON"}.get(field, field.capitalize())
    variables = orjson.loads(orjson.dumps({"v": value}))
    result = graphql_sync(SCHEMA, f"query ($v: {type_}!) {{ {field}(value: $v) }}", variable_values=variables)
    if result.errors:
        raise result.errors[0]
    return result.data[field]


def literal(field: str, text: str) -> Any:
    """The answer to a value written into the document."""
    result = graphql_sync(SCHEMA, f"{{ {field}(value: {text}) }}")
    if result.errors:
        raise result.errors[0]
    return result.data[field]


# ------------------------------------------------------------------ Decimal


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("1250.75", "1250.75"),
        ("0", "0"),
        ("-0", "0"),
        ("-0.0", "0"),
        ("0e999", "0"),
        ("1e3", "1000"),
        ("1E+3", "1000"),
        ("25e-4", "0.0025"),
        ("1.500", "1.5"),
        ("999999999999999999.999999999999999999", "999999999999999999.999999999999999999"),
        ("0.000000000000000001", "0.000000000000000001"),
        (7, "7"),
        (-7, "-7"),
        (123456789012345678, "123456789012345678"),
        (0.1, "0.1"),
        (64250.5, "64250.5"),
        (1e22, None),
        (0.12345678901234567, None),
        (123456789.0123456789, None),
        (0.000012345678901234, "0.000012345678901234"),
        (1e-7, "0.0000001"),
    ],
)
def test_a_number_is_kept_exactly_or_refused(sent: object, kept: str | None) -> None:
    if kept is None:
        with pytest.raises(GraphQLError, match=r"send it as a string|too many digits"):
            ask("decimal", sent)
    else:
        assert ask("decimal", sent) == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("0.123456789012345678", "0.123456789012345678"),
        ("123456789012345678.5", "123456789012345678.5"),
        ("12345678901234567", "12345678901234567"),
        ("1e3", "1000"),
        ('"0.10"', "0.1"),
    ],
)
def test_a_number_literal_is_read_from_its_text(text: str, kept: str) -> None:
    assert literal("decimal", text) == kept


@pytest.mark.parametrize(
    "sent",
    [
        *("NaN", "sNaN", "Infinity", "-Infinity", "inf", "", " ", " 1", "1 ", "+1", "1_000", "1,5", "0x10", ".5", "5."),
        *(
            "1e",
            "1e1000",
            "1e99",
            "1e-19",
            "\uff11\uff12",
            "\u0663",
            "1" * 19,
            "0." + "1" * 19,
            "1" * 65,
            "--1",
            "1e+",
            "\u00bd",
        ),
        *(True, [], {}, ["1"], {"a": 1}),
    ],
)
def test_a_value_that_is_no_number_is_bad_input(sent: object) -> None:
    with pytest.raises(GraphQLError) as caught:
        ask("decimal", sent)
    assert caught.value.extensions == {"code": "BAD_USER_INPUT"}


@pytest.mark.parametrize("text", ["true", "[1]", "{a: 1}", "RED", '"NaN"', "1e99", "1234567890123456789"])
def test_a_literal_that_is_no_number_is_bad_input(text: str) -> None:
    with pytest.raises(GraphQLError) as caught:
        literal("decimal", text)
    assert caught.value.extensions == {"code": "BAD_USER_INPUT"}


def test_a_refusal_shows_only_the_beginning_of_the_value() -> None:
    with pytest.raises(GraphQLError) as caught:
        parse_decimal("x" * 10_000)
    assert len(caught.value.message) < 200


@given(st.decimals(allow_nan=False, allow_infinity=False, places=18, min_value=-(10**18) + 1, max_value=10**18 - 1))
def test_every_number_within_the_bounds_round_trips(number: Decimal) -> None:
    assert within_bounds(number)
    text = ask("decimal", str(number))
    assert Decimal(text) == number
    assert "e" not in text.lower()
    assert literal("decimal", text) == text


@given(st.text(max_size=20))
def test_any_text_is_a_number_or_bad_input(text: str) -> None:
    try:
        number = parse_decimal(text)
    except GraphQLError as error:
        assert error.extensions == {"code": "BAD_USER_INPUT"}  # noqa: PT017
    else:
        assert within_bounds(number)


@pytest.mark.parametrize("kind", ["nan", "float", "bool"])
def test_an_inexact_number_is_not_sent(kind: str) -> None:
    result = graphql_sync(SCHEMA, f'{{ bad(kind: "{kind}") }}')
    assert result.data is None
    assert result.errors is not None


def test_a_count_may_be_sent_as_a_number() -> None:
    assert graphql_sync(SCHEMA, "{ count }").data == {"count": "7"}


# ------------------------------------------------------------------ DateTime


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("2026-01-31T09:30:00Z", "2026-01-31T09:30:00Z"),
        ("2026-01-31t09:30:00z", "2026-01-31T09:30:00Z"),
        ("2026-01-31T09:30:00+02:00", "2026-01-31T07:30:00Z"),
        ("2026-01-31T23:30:00-05:30", "2026-02-01T05:00:00Z"),
        ("2026-01-31T09:30:00.5Z", "2026-01-31T09:30:00.500000Z"),
        ("2026-01-31T09:30:00.123456Z", "2026-01-31T09:30:00.123456Z"),
        ("2026-01-31T09:30:00.123456789Z", "2026-01-31T09:30:00.123456789Z"),
        ("2026-01-31T09:30:00.123456000Z", "2026-01-31T09:30:00.123456Z"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"),
        ("1678-01-01T00:00:00Z", "1678-01-01T00:00:00Z"),
        ("2261-12-31T23:59:59.999999999Z", "2261-12-31T23:59:59.999999999Z"),
    ],
)
def test_a_time_round_trips_in_utc_with_all_digits(sent: str, kept: str) -> None:
    assert ask("at", sent) == kept


def test_nanoseconds_are_kept_where_the_type_has_them() -> None:
    assert ask("nanos", "2026-01-31T09:30:00.123456789+01:00") == "2026-01-31T08:30:00.123456789Z"
    assert ask("nanos", "2026-01-31T09:30:00.5Z") == "2026-01-31T09:30:00.500Z"


def test_a_parsed_time_is_an_aware_datetime() -> None:
    plain, precise = parse_datetime("2026-01-31T09:30:00.5+01:00"), parse_datetime("2026-01-31T09:30:00.123456789Z")
    assert plain == datetime(2026, 1, 31, 8, 30, 0, 500_000, tzinfo=UTC)
    assert type(plain) is datetime
    assert isinstance(precise, PreciseDatetime)
    assert precise == datetime(2026, 1, 31, 9, 30, 0, 123_456, tzinfo=UTC)
    assert to_nanos(precise) - to_nanos(plain) == 3_599_623_456_789


@pytest.mark.parametrize(
    "sent",
    [
        *("2026-01-31T09:30:00", "2026-01-31", "2026-01-31 09:30:00", "20260131T093000Z", "now", "", "1700000000"),
        *("2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-31T24:00:00Z", "2026-01-31T09:30:60Z"),
        *("2026-01-31T09:30:00+25:00", "2026-01-31T09:30:00+05:60", "2026-01-31T09:30:00.1234567890Z"),
        *(
            "0001-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-01:00",
            "1677-12-31T23:59:59.999999999Z",
            "1678-01-01T00:00:00+00:01",
            "2262-01-01T00:00:00Z",
            "2026-01-31T09:30:00.Z",
            "\uff12026-01-31T09:30:00Z",
        ),
        *(5, 1.5, True, [], {}),
    ],
)
def test_an_ambiguous_or_invalid_time_is_bad_input(sent: object) -> None:
    with pytest.raises(GraphQLError) as caught:
        ask("at", sent)
    assert caught.value.extensions == {"code": "BAD_USER_INPUT"}


@given(st.datetimes(min_value=datetime(1678, 1, 1), max_value=datetime(2261, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_every_time_round_trips(moment: datetime) -> None:
    assert parse_datetime(ask("at", moment.isoformat())) == moment


def test_times_of_other_zones_are_sent_in_utc() -> None:
    moment = datetime(2026, 1, 31, 9, 30, tzinfo=timezone(timedelta(hours=9)))
    assert SCALARS[datetime].serialize(moment) == "2026-01-31T00:30:00Z"  # type: ignore[misc]


@pytest.mark.parametrize("kind", ["naive", "text"])
def test_a_time_without_an_offset_is_not_sent(kind: str) -> None:
    assert graphql_sync(SCHEMA, f'{{ badTime(kind: "{kind}") }}').data is None


# ------------------------------------------------------------------ Date, JSON, Cursor


def test_a_date_round_trips() -> None:
    assert ask("day", "2024-02-29") == "2024-02-29"
    assert parse_date("2026-01-31") == date(2026, 1, 31)
    assert graphql_sync(SCHEMA, "{ badDay }").data is None


@pytest.mark.parametrize(
    "sent",
    ["1677-12-31", "2262-01-01", "2026-02-29", "2026-1-31", "20260131", "2026-W05-6", "2026-01-31Z", "", 5, None, []],
)
def test_an_invalid_date_is_bad_input(sent: object) -> None:
    with pytest.raises(GraphQLError):
        ask("day", sent)


@pytest.mark.parametrize("value", [None, 1, "x", [1, {"a": None}], {"a": {"b": [True]}}])
def test_json_values_pass_unchanged(value: object) -> None:
    if value is not None:
        assert ask("json", value) == value
    assert encode({"x": value}) == orjson.dumps({"x": value})


def test_json_that_cannot_be_stored_is_bad_input() -> None:
    nested: Any = 1
    for _ in range(31):
        nested = [nested]
    assert ask("json", nested) == nested
    for sent in ([nested], "a\x00b", {"a\x00": 1}, [{"a": ["\x00"]}]):
        with pytest.raises(GraphQLError) as caught:
            ask("json", sent)
        assert caught.value.extensions == {"code": "BAD_USER_INPUT"}


def test_encoded_json_and_exact_numbers_are_accepted() -> None:
    assert encode({"a": raw_json(b'{"b":1}'), "c": Decimal("1E+2")}) == b'{"a":{"b":1},"c":"100"}'


def test_the_length_of_a_cursor_is_bounded() -> None:
    assert ask("cursor", "abc") == "abc"
    for sent in ("", "x" * 4_097, 5, "a\x00b"):
        with pytest.raises(GraphQLError):
            ask("cursor", sent)
