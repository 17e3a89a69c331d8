"""Formats of exported rows: CSV and JSON Lines, pure. Numbers and times are written as the API writes them."""

import csv
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum
from io import StringIO

import orjson

from domain.kernel.numbers import plain
from domain.kernel.time import Nanos
from domain.system.exports.columns import FORMULA_STARTS

Encode = Callable[[Sequence[str], Iterable[Sequence[object]]], bytes]


def encode_csv(_names: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Rows as CSV; a text that a spreadsheet would take for a formula has an apostrophe before it."""
    text = StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode()


def _cell(value: object) -> object:
    cell = shown(value)
    if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) and not isinstance(value, Decimal):
        return f"'{cell}"
    return cell


def encode_json_lines(names: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Rows as JSON, an object on each line."""
    lines = (dict(zip(names, map(shown, row), strict=True)) for row in rows)
    return b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines)


def shown(value: object) -> object:
    """A value as the API shows it: exact numbers as text, times in UTC."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Nanos):
        return value.isoformat()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, datetime):
        return Nanos.of(value).isoformat()
    return str(value)
