"""Values of every input type: those of a client that knows what it does, and those of one that means harm."""

from collections import defaultdict
from random import Random
from typing import Any

from graphql import (
    GraphQLInputType,
    get_nullable_type,
    is_enum_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    is_required_input_field,
)

NUL = "\x00"
_TEXTS = [
    *(
        "",
        " ",
        NUL,
        f"a{NUL}b",
        "\u202e",
        "ﬁ",
        "a" * 300,
        "a" * 20_000,
        "'; DROP TABLE orders; --",
        "%",
        "_",
        "\\",
        "null",
    ),
    *("1e999", "NaN", "-0", "\ufffe", "👩‍👩‍👧", "\u0300" * 50, "${jndi}", "0" * 100, "true", "\n", "\t", "İ"),
]
_NUMBERS: list[Any] = [
    *("0", "-1", "1e18", "1e-18", "1e999", "999999999999999999.999999999999999999", "0.0000000000000000001", "NaN", ""),
    *(
        0,
        -1,
        1,
        2**31,
        -(2**31),
        2**53,
        2**63,
        1.5,
        1e308,
        1e-320,
        True,
        [],
        {},
        "\u0661",
        "1_0",
        " 1",
        "0x10",
        "-1e-400",
    ),
]
_WHOLE: list[Any] = [0, -1, 1, 500, 501, 2**31 - 1, -(2**31), 2**31, 1.0, 1.5, "1", True, 10**30]
_TIMES: list[Any] = [
    *("0001-01-01T00:00:00Z", "1500-01-01T00:00:00Z", "1678-01-01T00:00:00Z", "1969-12-31T23:59:59Z"),
    *("2026-01-01T00:00:00.123456789Z", "2262-04-12T00:00:00Z", "9999-12-31T23:59:59Z", "2026-02-30T00:00:00Z"),
    *("2026-01-01", "", NUL, 0, "2261-12-31T23:59:59+23:59", "2026-01-01T00:00:00-23:59"),
]
_DAYS: list[Any] = ["0001-01-01", "1678-01-01", "2261-12-31", "9999-12-31", "2026-02-30", "", NUL, 5]
_IDS: list[Any] = [
    *("", NUL, "x", "0", "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", 5, -1, 1e30),
    *("{00000000-0000-0000-0000-000000000000}", "urn:uuid:00000000-0000-0000-0000-000000000000", "a" * 5_000),
]
_CURSORS: list[Any] = ["", NUL, "x", "0", "-1", "99999999999999999999999", "eyJ9", "a" * 600, "AAAA", "1:2", 7]
_JSON: list[Any] = [{}, [], NUL, {"a": NUL}, {NUL: 1}, 1e308, {"a": {"b": [None] * 100}}, "x" * 300_000, None]
_WRONG: list[Any] = [None, [], {}, 0, "", True, [[]], {"a": 1}]

HOSTILE: dict[str, list[Any]] = {
    "String": _TEXTS,
    "ID": _IDS,
    "Int": _WHOLE,
    "Float": _NUMBERS,
    "Decimal": _NUMBERS,
    "DateTime": _TIMES,
    "Date": _DAYS,
    "Cursor": _CURSORS,
    "JSON": _JSON,
    "Boolean": [None, 0, "true"],
}


class Values:
    """Draws values. ``known`` are those that mean something, by the name of an argument or field, else of its type."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.known: defaultdict[str, list[Any]] = defaultdict(list)

    def of(self, name: str, type_: GraphQLInputType, hostility: float, depth: int = 0) -> Any:
        """A value for what is called ``name``."""
        if not is_non_null_type(type_) and self.chance.random() < 0.4:
            return None
        inner = get_nullable_type(type_)
        if self.chance.random() < hostility * 0.1:
            return self.chance.choice(_WRONG)
        if is_list_type(inner):
            count = self.chance.choice([0, 1, 1, 2, 3, 60] if self.chance.random() < hostility else [1, 2])
            return [self.of(name, inner.of_type, hostility, depth + 1) for _ in range(count)]
        if is_input_object_type(inner):
            return {
                key: self.of(key, field.type, hostility, depth + 1)
                for key, field in inner.fields.items()
                if is_required_input_field(field) or self.chance.random() < 0.5
            }
        if is_enum_type(inner):
            return self.chance.choice([*inner.values, "NOT_ONE_OF_THEM"] if hostility else list(inner.values))
        if self.chance.random() < hostility:
            return self.chance.choice(HOSTILE.get(inner.name, _TEXTS))
        known = self.known[name] or self.known[inner.name] or HOSTILE.get(inner.name, _TEXTS)
        return self.chance.choice(known)

    def spoiled(self, value: Any) -> Any:
        """The same with one or two of its leaves exchanged for something that means harm."""
        for _ in range(self.chance.choice((1, 1, 2))):
            value = self._spoil(value)
        return value

    def _spoil(self, value: Any) -> Any:
        if isinstance(value, dict) and value:
            key = self.chance.choice(sorted(value))
            return {**value, key: self._spoil(value[key])}
        if isinstance(value, list) and value:
            place = self.chance.randrange(len(value))
            return [*value[:place], self._spoil(value[place]), *value[place + 1 :]]
        return self.chance.choice(self.chance.choice([*HOSTILE.values(), _WRONG]))
