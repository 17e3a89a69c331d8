"""Comparing a result with the one that a scenario expects: a regression test of a strategy's order flow."""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

# Averages and PnL are quotients: equal when they differ by less than this part of the larger figure, or of one.
POSITION_TOLERANCE = Decimal("1e-9")


def differences(expected: Any, actual: Any, *, exact: bool, where: str = "") -> Iterator[str]:
    """The differences, one line each; of a list, its first entry. Numbers by value, exactly if ``exact``."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for name in expected.keys() | actual.keys():
            place = f"{where}.{name}" if where else str(name)
            if name not in expected or name not in actual:
                yield f"{place}: {'missing' if name in expected else 'not expected'}"
            else:
                yield from differences(expected[name], actual[name], exact=exact, where=place)
    elif isinstance(expected, list) and isinstance(actual, list):
        # What follows the first entry that differs is mostly shifted by it: one line tells as much as hundreds.
        for index, (left, right) in enumerate(zip(expected, actual, strict=False)):
            found = list(differences(left, right, exact=exact, where=f"{where}[{index}]"))
            if found:
                yield from found
                return
        if len(expected) != len(actual):
            yield f"{where}: {len(actual)} instead of {len(expected)}"
    elif not _equal(expected, actual, exact=exact):
        yield f"{where}: {actual} instead of {expected}"


def _equal(expected: Any, actual: Any, *, exact: bool) -> bool:
    if expected == actual:
        return True
    try:
        left, right = Decimal(expected), Decimal(actual)
    except (InvalidOperation, TypeError, ValueError):
        return False
    if exact:
        return left == right
    return abs(left - right) <= POSITION_TOLERANCE * max(abs(left), Decimal(1))
