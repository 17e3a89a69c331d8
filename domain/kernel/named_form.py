"""Named forms, pure: a dataclass as a JSON object with a member for each field, and back.

A value of None, zero, false or empty is left out, which keeps the form small; a reader gives a missing member that
value. So a stored form stays readable when fields are added or removed. A field can have another usual value instead.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from enum import EnumType
from types import UnionType
from typing import Any, Generic, TypeVar, get_args, get_origin, get_type_hints
from uuid import UUID

from domain.kernel.ids import read_id
from domain.kernel.numbers import ZERO, plain
from domain.kernel.records import NO_USUAL_VALUE, Convert, Member, recorder

Value = TypeVar("Value")
_NOTHING: Mapping[str, Any] = {}


def field_kinds(type_: type) -> dict[str, Any]:
    """The type of each field of a dataclass, apart from None."""
    return {name: _without_none(hint) for name, hint in get_type_hints(type_).items()}


def is_optional(hint: Any) -> bool:
    """True for a type that has None among its values."""
    return type(None) in get_args(hint)


def _without_none(hint: Any) -> Any:
    return next(part for part in get_args(hint) if part is not type(None)) if isinstance(hint, UnionType) else hint


class NamedForm(Generic[Value]):
    """The form of one dataclass.

    ``left_out`` names fields that are not part of it, with the value that a reader gives them. ``parts`` has functions
    that write and read fields which are dataclasses themselves. ``usual`` has the value of a field that is left out,
    where that is not None, zero, false or empty. ``names`` are the members that it can have; ``write`` makes of a value
    data that JSON can hold.
    """

    def __init__(
        self,
        type_: type[Value],
        *,
        left_out: Mapping[str, Any] | None = None,
        parts: Mapping[str, tuple[Convert, Convert]] | None = None,
        usual: Mapping[str, Any] | None = None,
    ) -> None:
        hints, kinds, parts, usual = get_type_hints(type_), field_kinds(type_), parts or {}, usual or {}
        self._type = type_
        self._left_out = dict(left_out or {})
        names = [item.name for item in fields(type_) if item.name not in self._left_out]  # type: ignore[arg-type]  # a dataclass
        self.names = tuple(names)
        self.write: Callable[[Value], dict[str, Any]] = recorder(
            Member(
                name,
                is_optional(hints[name]),
                parts[name][0] if name in parts else _writer(kinds[name]),
                usual.get(name, NO_USUAL_VALUE),
            )
            for name in names
        )
        self._readers = [
            (
                name,
                usual.get(name, None if is_optional(hints[name]) else _neutral(kinds[name])),
                parts[name][1] if name in parts else _reader(kinds[name]),
            )
            for name in names
        ]

    def read(self, form: Mapping[str, Any], known: Mapping[str, Any] = _NOTHING) -> Value:
        """The value of a form that ``write`` wrote, in this or an older version of the code.

        ``known`` has the values of fields that the form leaves out because they are told elsewhere.
        """
        values = {**self._left_out, **known}
        for name, neutral, convert in self._readers:
            stored = form.get(name)
            if stored is not None:
                values[name] = stored if convert is None else convert(stored)
            elif name not in known:
                # A list is a new one for each value.
                values[name] = [] if neutral is list else neutral
        return self._type(**values)


def _writer(kind: Any) -> Convert | None:
    if kind is Decimal:
        return plain
    if kind is UUID:
        return str
    return int if isinstance(kind, type) and issubclass(kind, int) and kind is not bool else None


def _reader(kind: Any) -> Convert | None:
    if kind is UUID:
        return read_id
    if kind is Decimal or isinstance(kind, EnumType):
        return kind
    if kind is datetime:
        return datetime.fromisoformat
    return kind if isinstance(kind, type) and issubclass(kind, int) and kind not in (int, bool) else None


def _neutral(kind: Any) -> Any:
    if kind is Decimal:
        return ZERO
    origin = get_origin(kind)
    if origin is tuple:
        return ()
    if origin is list:
        return list
    return kind() if kind in (bool, int, float, str) else None
