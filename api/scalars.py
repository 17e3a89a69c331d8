"""The schema's own scalars: exact decimals, unambiguous times, JSON and cursors.

Nothing is rounded, guessed or dropped on input: a value that cannot be kept exactly is refused with BAD_USER_INPUT. The
types of an area use ``Decimal``, ``datetime`` or ``Nanos`` (both are DateTime), ``date``, ``JSON`` and ``Cursor``.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NewType, Self

import orjson
from graphql import (
    FloatValueNode,
    GraphQLError,
    IntValueNode,
    StringValueNode,
    ValueNode,
    print_ast,
)
from strawberry.types.scalar import ScalarDefinition

from domain.kernel.errors import ErrorCode
from domain.kernel.numbers import MAX_FRACTION_DIGITS, MAX_INTEGER_DIGITS, ZERO, plain, within_bounds
from domain.kernel.time import Nanos

JSON = NewType("JSON", object)
Cursor = NewType("Cursor", str)

# Plain or scientific notation of JSON; unlike Decimal() no spaces, underscores, other scripts' digits or NaN.
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?")
_MAX_NUMBER_LENGTH = 64
# Of these each is kept exactly: the expected case, which needs no further test.
_SHORT_NUMBER = re.compile(f"-?[0-9]{{1,{MAX_INTEGER_DIGITS}}}(?:\\.[0-9]{{1,{MAX_FRACTION_DIGITS}}})?")
# A binary double carries any decimal number of up to 15 digits and back; beyond that digits may be lost already.
_EXACT_FLOAT_DIGITS = 15
_MAX_TEXT_LENGTH = 64
_MAX_CURSOR_LENGTH = 4_096
# Nanoseconds of these years, and of those beside them, fit into 64 bits, in which the times of markets are kept.
_FIRST_YEAR, _LAST_YEAR = 1678, 2261
_FIRST_NANOS = Nanos.of(datetime(_FIRST_YEAR, 1, 1, tzinfo=UTC))
_LAST_NANOS = Nanos.of(datetime(_LAST_YEAR + 1, 1, 1, tzinfo=UTC)) - 1
_MAX_JSON_DEPTH = 32
# fromisoformat alone would also take weeks.
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_OFFSET = re.compile(r"[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9]")


class PreciseDatetime(datetime):
    """A ``datetime`` that came with digits below the microsecond; ``to_nanos`` gives them all."""

    __slots__ = ("nanos",)
    nanos: Nanos

    @classmethod
    def of(cls, nanos: Nanos) -> Self:
        """The instant ``nanos``, cut to microseconds where only a ``datetime`` is understood."""
        moment = nanos.to_datetime()
        precise = cls(*moment.timetuple()[:6], moment.microsecond, tzinfo=UTC)
        precise.nanos = nanos
        return precise


def to_nanos(moment: datetime) -> Nanos:
    """All digits of a time that a client sent."""
    return moment.nanos if isinstance(moment, PreciseDatetime) else Nanos.of(moment)


def raw_json(text: bytes | str) -> JSON:
    """A JSON document that is already encoded, sent on as it is."""
    return JSON(orjson.Fragment(text))


def _bad_input(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": ErrorCode.BAD_USER_INPUT.value})


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= _MAX_TEXT_LENGTH else f"{text[:_MAX_TEXT_LENGTH]}..."


# ------------------------------------------------------------------ Decimal


def parse_decimal(text: str) -> Decimal:
    """The number that ``text`` spells, exactly.

    Raises:
        GraphQLError: it is no number, not finite, or has more digits than the platform keeps.
    """
    if _SHORT_NUMBER.fullmatch(text) is not None:
        return Decimal(text) or ZERO
    if len(text) > _MAX_NUMBER_LENGTH or _NUMBER.fullmatch(text) is None:
        raise _bad_input(f'"{_shown(text)}" is not a decimal number such as "1250.75".')
    number = Decimal(text)
    if not number:
        return ZERO
    if not within_bounds(number):
        raise _bad_input(
            f'"{text}" has too many digits: at most {MAX_INTEGER_DIGITS} before '
            f"and {MAX_FRACTION_DIGITS} after the point."
        )
    return number


def _decimal_from_value(value: object) -> Decimal:
    if isinstance(value, str):
        return parse_decimal(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return parse_decimal(str(value))
    if isinstance(value, float):
        text = repr(value)
        if len(text.partition("e")[0].replace(".", "").lstrip("-0").rstrip("0")) > _EXACT_FLOAT_DIGITS:
            raise _bad_input(f"{text} may have lost digits as a JSON number: send it as a string.")
        return parse_decimal(text)
    raise _bad_input(f"{_shown(value)} is not a decimal number: send a string or a number.")


def _decimal_from_literal(node: ValueNode) -> Decimal:
    if isinstance(node, StringValueNode | IntValueNode | FloatValueNode):
        return parse_decimal(node.value)
    raise _bad_input(f"{_shown(print_ast(node))} is not a decimal number: write a string or a number.")


def _decimal_out(value: object) -> str:
    if type(value) is Decimal:
        # The expected case, in half the time of the way below; nothing that is not finite has a point.
        text = str(value)
        if "." in text and "E" not in text:
            text = text.rstrip("0").rstrip(".")
            return text if text != "-0" else "0"
        if text.isdigit():
            return text
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError("a number that is not finite cannot be sent")
        return plain(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise TypeError(f"a {type(value).__name__} is not an exact number")


# ------------------------------------------------------------------ DateTime and Date


def parse_datetime(text: object) -> datetime:
    """An aware ``datetime`` in UTC; a ``PreciseDatetime`` when it has digits below the microsecond.

    Raises:
        GraphQLError: it is not RFC 3339, or has no offset.
    """
    try:
        if not isinstance(text, str) or len(text) > _MAX_TEXT_LENGTH:
            raise ValueError("not a text")
        if _OFFSET.fullmatch(text[-1:]) is None and _OFFSET.fullmatch(text[-6:]) is None:
            raise ValueError("no offset")
        nanos = Nanos.parse(text)
    except (ValueError, OverflowError) as error:
        raise _bad_input(
            f'"{_shown(text)}" is not a time with an offset (RFC 3339) such as "2026-01-31T09:30:00Z".'
        ) from error
    if not _FIRST_NANOS <= nanos <= _LAST_NANOS:
        raise _bad_input(f'"{text}" is too far away: times lie in the years from {_FIRST_YEAR} to {_LAST_YEAR}.')
    moment = nanos.to_datetime()
    return PreciseDatetime.of(nanos) if nanos % 1_000 else moment


def _datetime_out(value: object) -> str:
    if type(value) is datetime and value.tzinfo is UTC:
        # The same text as isoformat's, in a third of its time; between quotes.
        return orjson.dumps(value, option=orjson.OPT_UTC_Z)[1:-1].decode()
    if isinstance(value, Nanos):
        return value.isoformat()
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise TypeError("a time without an offset cannot be sent")
    if isinstance(value, PreciseDatetime):
        return value.nanos.isoformat()
    moment = value if value.tzinfo is UTC else value.astimezone(UTC)
    return orjson.dumps(moment, option=orjson.OPT_UTC_Z)[1:-1].decode()


def parse_date(text: object) -> date:
    """A calendar day.

    Raises:
        GraphQLError: it is not YYYY-MM-DD.
    """
    try:
        if not isinstance(text, str) or _DAY.fullmatch(text) is None:
            raise ValueError("not a day")
        day = date.fromisoformat(text)
    except ValueError as error:
        raise _bad_input(f'"{_shown(text)}" is not a day such as "2026-01-31".') from error
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise _bad_input(f'"{text}" is too far away: days lie in the years from {_FIRST_YEAR} to {_LAST_YEAR}.')
    return day


def _date_out(value: object) -> str:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise TypeError(f"a {type(value).__name__} is not a day")
    return value.isoformat()


# ------------------------------------------------------------------ Cursor and the table


def _json_in(value: Any) -> Any:
    waiting = [(value, 1)]
    while waiting:
        inner, depth = waiting.pop()
        if depth > _MAX_JSON_DEPTH:
            raise _bad_input(f"A JSON value has at most {_MAX_JSON_DEPTH} levels.")
        if isinstance(inner, str) and "\x00" in inner:
            raise _bad_input("The character U+0000 cannot be used in a text.")
        if isinstance(inner, dict):
            waiting += [(each, depth + 1) for pair in inner.items() for each in pair]
        elif isinstance(inner, list):
            waiting += [(each, depth + 1) for each in inner]
    return value


def _cursor_in(value: object) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= _MAX_CURSOR_LENGTH or "\x00" in value:
        raise _bad_input("A cursor is a text returned by this API.")
    return value


def _cursor_out(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a {type(value).__name__} is not a cursor")
    return value


def _as_is(value: Any) -> Any:
    return value


def _scalar(
    name: str,
    description: str,
    serialize: Callable[[Any], Any],
    parse_value: Callable[[Any], Any],
    parse_literal: Callable[[ValueNode], Any] | None = None,
    specified_by_url: str | None = None,
) -> ScalarDefinition:
    # graphql-core hands the variables along; none of these scalars looks into a literal that holds any.
    def from_literal(node: ValueNode, _variables: object = None) -> Any:
        assert parse_literal is not None
        return parse_literal(node)

    return ScalarDefinition(
        name=name,
        description=description,
        specified_by_url=specified_by_url,
        serialize=serialize,
        parse_value=parse_value,
        parse_literal=from_literal if parse_literal else None,
    )


_DATE_TIME = _scalar(
    "DateTime",
    "An instant: RFC 3339 with an offset, sent in UTC, with as many digits of the second as are known "
    "(up to nine). Times stored to the microsecond are refused with more than six digits.",
    _datetime_out,
    parse_datetime,
    specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
)

SCALARS: Mapping[object, ScalarDefinition] = {
    Decimal: _scalar(
        "Decimal",
        "An exact number, sent as a plain string without exponent. Strings, integers and floats are understood; "
        f"at most {MAX_INTEGER_DIGITS} digits before and {MAX_FRACTION_DIGITS} after the point.",
        _decimal_out,
        _decimal_from_value,
        _decimal_from_literal,
    ),
    datetime: _DATE_TIME,
    Nanos: _DATE_TIME,
    date: _scalar("Date", "A calendar day: YYYY-MM-DD.", _date_out, parse_date),
    JSON: _scalar("JSON", "Any JSON value.", _as_is, _json_in),
    Cursor: _scalar(
        "Cursor",
        "An opaque position in a stream of events: keep the last one seen and pass it to resume after it.",
        _cursor_out,
        _cursor_in,
    ),
}

# What these answer is a text, and of anything unexpected they raise: nobody needs to look at it again.
EXACT_OUT: frozenset[Callable[[object], str]] = frozenset({_decimal_out, _datetime_out, _date_out, _cursor_out})
