"""Strict reading of JSON objects, field by field: an error names the place."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, TypeVar

from adapters.simulation.errors import ScenarioError
from domain.kernel.numbers import ZERO, within_bounds
from domain.kernel.time import Nanos
from domain.market.types import Instrument

Word = TypeVar("Word", bound=StrEnum)
Value = TypeVar("Value")


def camel_case(name: str) -> str:
    """A field's name in JSON."""
    first, *others = name.split("_")
    return first + "".join(word.title() for word in others)


def above_zero(value: Decimal) -> str | None:
    """The fault of a number that must be above zero, or None."""
    return None if value > ZERO else "must be above zero"


def not_negative(value: Decimal) -> str | None:
    """The fault of a number that must not be negative, or None."""
    return None if value >= ZERO else "must not be negative"


def any_sign(_: Decimal) -> str | None:
    """No fault: any finite number is allowed."""
    return None


Check = Callable[[Decimal], str | None]


def price_check(instrument: Instrument) -> Check:
    """The check of a price of the instrument."""
    return any_sign if instrument.allows_negative_prices else above_zero


class Fields:
    """One JSON object. Fields are taken one by one; ``close`` refuses fields that were not taken."""

    def __init__(self, value: Any, where: str) -> None:
        if not isinstance(value, dict):
            raise ScenarioError(f"{where}: must be an object")
        self._values: dict[str, Any] = dict(value)
        self.where = where

    def __contains__(self, name: str) -> bool:
        return self._values.get(name) is not None

    def fail(self, name: str, problem: str) -> ScenarioError:
        """The error about a field."""
        return ScenarioError(f"{self.where}: {name} {problem}")

    def take(self, name: str) -> Any:
        """The raw value, None when it is absent."""
        return self._values.pop(name, None)

    def ignore(self, *names: str) -> None:
        """Allow fields that are not used."""
        for name in names:
            self._values.pop(name, None)

    def close(self) -> None:
        """Refuse fields that were not taken."""
        if self._values:
            raise ScenarioError(f"{self.where}: unknown field {min(self._values)!r}")

    def required(self, name: str, value: Value | None) -> Value:
        """``value``, which must be there."""
        if value is None:
            raise self.fail(name, "is missing")
        return value

    def text(self, name: str) -> str | None:
        """A text that is not empty."""
        value = self.take(name)
        if value is not None and (not isinstance(value, str) or not value):
            raise self.fail(name, "must be a text")
        return value

    def flag(self, name: str) -> bool:
        """True or false; false when absent."""
        value = self.take(name)
        if value is None:
            return False
        if not isinstance(value, bool):
            raise self.fail(name, "must be true or false")
        return value

    def number(self, name: str, check: Check = above_zero) -> Decimal | None:
        """A finite decimal, as text or as a JSON number."""
        value = self.take(name)
        return None if value is None else self.to_number(name, value, check)

    def to_number(self, name: str, value: Any, check: Check) -> Decimal:
        """``value`` as a finite decimal."""
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            raise self.fail(name, f"is no number: {value!r}")
        try:
            number = Decimal(value)
        except InvalidOperation:
            raise self.fail(name, f"is no number: {value!r}") from None
        if not within_bounds(number):
            raise self.fail(name, f"must be finite, with at most 18 digits on either side of the point: {value!r}")
        problem = check(number)
        if problem is not None:
            raise self.fail(name, f"{problem}: {value}")
        return number

    def time(self, name: str) -> Nanos | None:
        """An RFC 3339 time with an offset, to the nanosecond."""
        value = self.take(name)
        if value is None:
            return None
        try:
            return Nanos.parse(value)
        except (TypeError, ValueError):
            raise self.fail(name, f"is no time like 2014-05-07T12:00:00.123456789Z: {value!r}") from None

    def word(self, name: str, words: type[Word], default: Word | None = None) -> Word:
        """One of an enum's words."""
        value = self.take(name)
        if value is None:
            return self.required(name, default)
        try:
            return words(value)
        except ValueError:
            raise self.fail(name, f"must be one of {', '.join(words)}, not {value!r}") from None

    def objects(self, name: str) -> "list[Fields]":
        """A list of objects; empty when absent."""
        value = self.take(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.fail(name, "must be a list")
        return [Fields(item, f"{self.where}: {name}[{index}]") for index, item in enumerate(value)]

    def child(self, name: str) -> "Fields | None":
        """An object within."""
        value = self.take(name)
        return None if value is None else Fields(value, f"{self.where}: {name}")
