from decimal import Decimal
from math import inf, isfinite, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.time import Nanos
from domain.system.series.lines import LinePoint, line_of

AT = Nanos(1_700_000_000_123_456_789)


def test_a_point_is_a_line() -> None:
    point = LinePoint(
        "tradegraph_bar", {"symbol": "BTC USD", "interval": "MINUTE"}, {"open": Decimal("1.50"), "n": 3}, AT
    )
    assert line_of(point) == r"tradegraph_bar,interval=MINUTE,symbol=BTC\ USD n=3.0,open=1.5 1700000000123456789"


@pytest.mark.parametrize("value", [None, nan, inf, -inf, Decimal("NaN"), Decimal("Infinity")])
def test_values_that_are_no_numbers_are_omitted(value: Decimal | float | None) -> None:
    assert line_of(LinePoint("m", {}, {"a": value}, AT)) is None
    assert line_of(LinePoint("m", {}, {"a": value, "b": 1}, AT)) == f"m b=1.0 {int(AT)}"


def test_a_number_is_written_without_an_exponent() -> None:
    assert line_of(LinePoint("m", {}, {"a": Decimal("1E+3")}, AT)) == f"m a=1000 {int(AT)}"


def unescaped(text: str) -> list[str]:
    """The parts between bare commas, spaces and equal signs."""
    parts, skip = [""], False
    for character in text:
        if skip:
            parts[-1] += character
            skip = False
        elif character == "\\":
            skip = True
        elif character in ", =":
            parts.append("")
        else:
            parts[-1] += character
    return parts


@given(
    # Measurements are ours; what is traded and held is called as people like.
    st.sampled_from(["tradegraph_bar", "tradegraph_quote"]),
    st.dictionaries(st.sampled_from(["symbol", "account"]), st.text(max_size=30), max_size=2),
    st.decimals(allow_nan=False, allow_infinity=False, places=8, min_value=-(10**12), max_value=10**12),
)
def test_any_name_gives_one_line_with_its_parts(name: str, tags: dict[str, str], value: Decimal) -> None:
    line = line_of(LinePoint(name, tags, {"value": value}, AT))
    assert line is not None
    assert len(line.splitlines()) == 1
    parts = unescaped(line)
    assert len(parts) == 1 + 2 * len(tags) + 2 + 1
    assert parts[-1] == str(int(AT))
    assert isfinite(float(parts[-2]))
    assert Decimal(parts[-2]) == value
