"""Results for people and for programs: tables, JSON, and tables that follow changes."""

import json
import sys
from collections.abc import AsyncIterator, Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar

import pydantic
from rich.console import Console
from rich.live import Live
from rich.table import Table

from tradegraph_client.wire import encode

Row = TypeVar("Row", bound=pydantic.BaseModel)

# A table of a pipe or a file is not folded to a width that nobody has.
_WIDTH_OF_NO_TERMINAL = 10_000
# JSON escapes the control characters of ASCII; terminals obey others, too.
_ESCAPES = {code: f"\\u{code:04x}" for code in range(0x7F, 0xA0)}


@dataclass(frozen=True)
class Column(Generic[Row]):
    """A column: its title, and the value of a row. Numbers are right-aligned."""

    title: str
    value: Callable[[Row], object]


def show(rows: Sequence[Row], columns: Sequence[Column[Row]], *, as_json: bool) -> None:
    """Print rows: a table, or a list in JSON."""
    if as_json:
        print_json([encode(row) for row in rows])
    else:
        _console().print(_table(rows, columns))


def show_one(item: Row, columns: Sequence[Column[Row]], *, as_json: bool) -> None:
    """Print one row: a table, or an object in JSON."""
    if as_json:
        print_json(encode(item))
    else:
        _console().print(_table([item], columns))


async def follow(
    rows: Iterable[Row],
    changes: AsyncIterator[Row],
    columns: Sequence[Column[Row]],
    name: Callable[[Row], Hashable],
    *,
    as_json: bool,
    keep: Callable[[Row], bool] = lambda _: True,
) -> None:
    """Print rows and go on with their changes, until interrupted.

    On a terminal it is one table that changes. Elsewhere each change is a line: of JSON, or of the table's texts.

    Args:
        rows: The rows at the beginning.
        changes: Rows that are new or have changed.
        columns: Of the table.
        name: What a change replaces the row of.
        as_json: Print JSON.
        keep: False of a row that leaves the table.
    """
    held = {name(row): row for row in rows}
    if as_json or not sys.stdout.isatty():
        for row in held.values():
            _print_line(row, columns, as_json=as_json)
        async for row in changes:
            _print_line(row, columns, as_json=as_json)
        return
    with Live(_table(list(held.values()), columns), console=_console(), auto_refresh=False) as live:
        async for row in changes:
            held[name(row)] = row
            if not keep(row):
                del held[name(row)]
            live.update(_table(list(held.values()), columns), refresh=True)


def print_json(value: Any) -> None:
    """Print a value as JSON, readable."""
    print(json.dumps(value, indent=2, ensure_ascii=False).translate(_ESCAPES), flush=True)


def print_line(row: pydantic.BaseModel) -> None:
    """Print an object as one line of JSON."""
    print(json.dumps(encode(row), ensure_ascii=False).translate(_ESCAPES), flush=True)


def text_of(value: object) -> str:
    """A value as people read it: exact numbers, times to the second in UTC, ``-`` for nothing."""
    if value is None or value == []:
        return "-"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return printable(str(value))


def printable(text: str) -> str:
    """A text without control characters of terminals, because other users choose the names."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def _print_line(row: Row, columns: Sequence[Column[Row]], *, as_json: bool) -> None:
    if as_json:
        print_line(row)
    else:
        print("\t".join(text_of(column.value(row)) for column in columns), flush=True)


def _table(rows: Sequence[Row], columns: Sequence[Column[Row]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    cells = [[column.value(row) for column in columns] for row in rows]
    for place, column in enumerate(columns):
        is_number = any(isinstance(line[place], int | float | Decimal) for line in cells)
        table.add_column(column.title, justify="right" if is_number else "left", no_wrap=True)
    for line in cells:
        table.add_row(*(text_of(value) for value in line))
    return table


def _console() -> Console:
    # No markup: what others have named things is shown as it is.
    width = None if sys.stdout.isatty() else _WIDTH_OF_NO_TERMINAL
    return Console(markup=False, highlight=False, emoji=False, width=width)
