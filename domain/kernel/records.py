"""Records, pure: the attributes of an object as a dictionary, read by code that is made for them once.

An order has sixty fields, most of them empty, and each change of it makes three records. A loop over their names takes
three times as long as one statement for each.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Member:
    """An attribute of the object and of the same name in the record; None is left out, and also zero unless it counts.

    ``convert`` makes the record's value.
    """

    name: str
    counts_zero: bool
    convert: Callable[[Any], Any] | None = None


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
        lines += [
            f"    value = source.{member.name}",
            f"    if value{' is not None' if member.counts_zero else ''}:",
            f"        made[{member.name!r}] = {value}",
        ]
    exec("\n".join([*lines, "    return made"]), known)  # noqa: S102  made of names that were checked
    record: Callable[[Any], dict[str, Any]] = known["record"]
    return record
