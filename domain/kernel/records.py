"""Records and copies, pure: the attributes of an object in a dictionary or another object, by code made for them once.

An order has sixty fields, most of them empty, and each change of it makes three records. A loop over their names takes
three times as long as one statement for each.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from typing import Any, TypeVar

Value = TypeVar("Value")
Convert = Callable[[Any], Any]

# None can be a usual value.
NO_USUAL_VALUE = object()


@dataclass(frozen=True, slots=True)
class Member:
    """An attribute of the object, and the member of the same name in the record.

    None is left out; without ``counts_zero`` also what is zero, false or empty. ``convert`` makes the record's value of
    the attribute. With a ``usual`` value, that one is left out and no other, not even None.
    """

    name: str
    counts_zero: bool
    convert: Convert | None = None
    usual: Any = NO_USUAL_VALUE


def recorder(members: Iterable[Member]) -> Callable[[Any], dict[str, Any]]:
    """A function that makes a record of an object with these attributes."""
    known: dict[str, Any] = {}
    lines = ["def record(source):", "    made = {}"]
    for place, member in enumerate(members):
        if not member.name.isidentifier():
            raise ValueError(f"{member.name!r} is no attribute")
        value = "value"
        if member.convert is not None:
            known[f"convert_{place}"], value = member.convert, f"convert_{place}(value)"
        condition = " is not None" if member.counts_zero else ""
        if member.usual is not NO_USUAL_VALUE:
            known[f"usual_{place}"], condition = member.usual, f" != usual_{place}"
        lines += [
            f"    value = source.{member.name}",
            f"    if value{condition}:",
            f"        made[{member.name!r}] = {value}",
        ]
    exec("\n".join([*lines, "    return made"]), known)  # noqa: S102  made of names that were checked
    record: Callable[[Any], dict[str, Any]] = known["record"]
    return record


def copier(type_: type[Value]) -> Callable[[Value], Value]:
    """A function that copies the fields of a dataclass's objects, without calling what makes them."""
    known: dict[str, Any] = {"new": object.__new__, "type_": type_}
    lines = ["def copy(source):", "    made = new(type_)"]
    lines += [f"    made.{item.name} = source.{item.name}" for item in fields(type_)]  # type: ignore[arg-type]  # a dataclass
    exec("\n".join([*lines, "    return made"]), known)  # noqa: S102  made of the names of fields
    copy: Callable[[Value], Value] = known["copy"]
    return copy
