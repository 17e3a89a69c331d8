"""A history file that was received whole: its lines in runs, read twice, never held at once."""

import csv
import re
from collections.abc import Iterator
from io import TextIOWrapper
from itertools import count
from typing import BinaryIO, Final

from domain.kernel.time import Nanos
from domain.system.imports.lines import BadLine, HistoryLine, check_header, read_line

# Empty ones count, too: nobody else is served between two lines of a run.
MAX_LINES: Final = 100_000
# A line of all columns at their longest is far shorter.
MAX_LINE_LENGTH: Final = 20_000
RUN: Final = 100
_NO_TEXT: Final = re.compile("[\ud800-\udfff]")


def runs_of(file: BinaryIO, now: Nanos) -> Iterator[list[HistoryLine]]:
    """The lines of a file from its beginning, in runs; their times lie before ``now``. Empty lines are left out.

    Raises:
        BadLine: a line cannot be read, is longer than ``MAX_LINE_LENGTH``, a reference comes twice, or there are more
            than ``MAX_LINES`` lines.
    """
    file.seek(0)
    # What is not UTF-8 becomes halves of surrogate pairs, so that its line is known.
    text = TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")
    try:
        yield from _runs(text, now)
    finally:
        # The file belongs to the caller.
        text.detach()


def _runs(text: TextIOWrapper, now: Nanos) -> Iterator[list[HistoryLine]]:
    names: list[str] = []
    seen: dict[str, int] = {}
    run: list[HistoryLine] = []
    for number, cells in _rows(text):
        if not names:
            names = [name.strip() for name in cells]
            check_header(names)
            continue
        line = read_line(number, names, cells, now)
        if line.reference in seen:
            raise BadLine(number, "reference", f"this is the reference of line {seen[line.reference]} already.")
        seen[line.reference] = number
        run.append(line)
        if len(run) == RUN:
            yield run
            run = []
    if not names:
        raise BadLine(1, "reference", "the file is empty: its first line names the columns.")
    yield run


def _rows(text: TextIOWrapper) -> Iterator[tuple[int, list[str]]]:
    rows, number = csv.reader(_lines(text), strict=True), 0
    while True:
        try:
            cells = next(rows, None)
        except csv.Error as error:
            raise BadLine(number + 1, "reference", f"this is not CSV: {error}.") from error
        if cells is None:
            return
        number = rows.line_num
        if any(cell.strip() for cell in cells):
            yield number, cells


def _lines(text: TextIOWrapper) -> Iterator[str]:
    """The lines as they are written, bounded in length and number, with their ends."""
    for number in count(1):
        line = text.readline(MAX_LINE_LENGTH + 1)
        if not line:
            return
        if len(line) > MAX_LINE_LENGTH:
            raise BadLine(number, "reference", f"a line has at most {MAX_LINE_LENGTH:,} characters.")
        if not line.isascii() and _NO_TEXT.search(line):
            raise BadLine(number, "reference", "the line is not in UTF-8.")
        # The first line names the columns.
        if number > MAX_LINES + 1:
            raise BadLine(number, "reference", f"a file has at most {MAX_LINES:,} lines: import it in parts.")
        yield line
