"""Points of time series, and the line protocol of InfluxDB's first version in which they travel, pure.

Source: "InfluxDB line protocol reference", InfluxData. Numbers travel as floats, which is what such stores keep.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from domain.kernel.numbers import plain
from domain.kernel.time import Nanos

Value: TypeAlias = Decimal | float | int | None
_IN_MEASUREMENTS = {",": r"\,", " ": r"\ "}
_IN_TAGS = {",": r"\,", "=": r"\=", " ": r"\ "}


@dataclass(frozen=True, slots=True)
class LinePoint:
    """Values of one thing at one moment. The same measurement, tags and moment again replace the point."""

    measurement: str
    tags: Mapping[str, str]
    values: Mapping[str, Value]
    at: Nanos


def line_of(point: LinePoint) -> str | None:
    """The point as a line, None when it has no value: what is missing or no number is left out."""
    written = {name: text for name, value in point.values.items() if (text := _number(value)) is not None}
    if not written:
        return None
    tags = "".join(
        f",{_escaped(name, _IN_TAGS)}={_escaped(text, _IN_TAGS)}" for name, text in sorted(point.tags.items())
    )
    fields = ",".join(f"{_escaped(name, _IN_TAGS)}={text}" for name, text in sorted(written.items()))
    return f"{_escaped(point.measurement, _IN_MEASUREMENTS)}{tags} {fields} {int(point.at)}"


def _number(value: Value) -> str | None:
    if value is None:
        return None
    if isinstance(value, Decimal):
        return plain(value) if value.is_finite() else None
    return repr(float(value)) if math.isfinite(value) else None


def _escaped(text: str, marks: Mapping[str, str]) -> str:
    # A line break would begin another point, and a backslash at the end would swallow what follows.
    one_line = "".join(" " if not character.isprintable() else character for character in text).replace("\\", "/")
    return "".join(marks.get(character, character) for character in one_line) or "-"
