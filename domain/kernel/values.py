"""Value classes that are made for each order: frozen for the type checker, cheap to make at run time.

A frozen dataclass sets each field by a call, which takes four times as long as an assignment.
"""

from dataclasses import fields, make_dataclass
from typing import Any, TypeVar

Value = TypeVar("Value")


def unguarded(type_: type[Value]) -> type[Value]:
    """A frozen dataclass that trusts the type checker: an assignment to a field is an error there alone.

    Its bases must be unguarded too.
    """
    assert not hasattr(type_, "__post_init__"), f"{type_.__name__} has its own way of being made"
    same: Any = make_dataclass(type_.__name__, [(item.name, item.type, item) for item in fields(type_)])  # type: ignore[arg-type]  # a dataclass
    type_.__init__ = same.__init__  # type: ignore[method-assign]  # the same parameters
    del type_.__setattr__, type_.__delattr__
    return type_
