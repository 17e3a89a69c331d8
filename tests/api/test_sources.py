"""Every field without a resolver reads an attribute that its source has, and that is there when the schema says so.

A type names its source in its docstring (``A view of ``domain.area.module.Value``.``), or the API makes its objects by
calling the class or its ``of``, where the type checker holds the arguments against the fields.
"""

import ast
import importlib
import re
import types
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from graphql import GraphQLObjectType, is_non_null_type
from strawberry.types.field import StrawberryField

from api.root import platform_schema

_ROOTS = frozenset({"Query", "Mutation", "Subscription"})
_VIEW = re.compile(r"A view of ``([\w.]+)``")
_API = Path(__file__).parents[2] / "api"


@dataclass(frozen=True, slots=True)
class PlainField:
    type_name: str
    origin: type
    python_name: str
    required: bool


def _plain_fields() -> Iterator[PlainField]:
    for type_ in platform_schema().type_map.values():
        definition = type_.extensions.get("strawberry-definition")
        if not isinstance(type_, GraphQLObjectType) or definition is None or type_.name in _ROOTS:
            continue
        for field in type_.fields.values():
            plain = field.extensions["strawberry-definition"]
            assert isinstance(plain, StrawberryField)
            if plain.base_resolver is None:
                yield PlainField(type_.name, definition.origin, plain.python_name, is_non_null_type(field.type))


FIELDS = list(_plain_fields())


def source_of(origin: type) -> type | None:
    match = _VIEW.search(origin.__doc__ or "")
    if match is None or hasattr(origin, "of"):
        return None
    module, _, name = match[1].rpartition(".")
    source = getattr(importlib.import_module(module), name)
    assert isinstance(source, type)
    return source


def annotation_of(source: type, name: str) -> Any:
    """The type of an attribute of ``source``.

    Raises:
        AttributeError: there is none of the name.
    """
    hints = get_type_hints(source)
    if name in hints:
        return hints[name]
    attribute = next((vars(base)[name] for base in source.__mro__ if name in vars(base)), None)
    if attribute is None:
        raise AttributeError(f"{source.__module__}.{source.__name__} has no {name}")
    getter = getattr(attribute, "fget", None) or getattr(attribute, "func", None)
    return get_type_hints(getter)["return"] if getter else Any


def may_be_none(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, types.UnionType) and type(None) in get_args(annotation)


@cache
def _called_in_api() -> frozenset[str]:
    return frozenset(
        node.func.id
        for path in _API.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    )


def test_the_schema_has_many_plain_fields() -> None:
    assert len(FIELDS) > 400


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: f"{field.type_name}.{field.python_name}")
def test_the_source_of_each_plain_field_has_its_attribute(field: PlainField) -> None:
    source = source_of(field.origin)
    if source is None:
        made = hasattr(field.origin, "of") or field.origin.__name__ in _called_in_api()
        assert made, "a view names its source in its docstring"
        return
    if field.required:
        assert not may_be_none(annotation_of(source, field.python_name)), "the schema promises a value"
    else:
        annotation_of(source, field.python_name)


def test_a_missing_attribute_is_found() -> None:
    @dataclass
    class Value:
        fill_ratio: float

        @property
        def rate(self) -> float | None:
            return None

    assert annotation_of(Value, "fill_ratio") is float
    assert may_be_none(annotation_of(Value, "rate"))
    with pytest.raises(AttributeError, match="has no fill_rate"):
        annotation_of(Value, "fill_rate")
