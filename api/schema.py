"""The schema: every area's part of the three roots, put together in one place.

An area has a ``strawberry.type`` for its part of each root; their fields end up side by side. Nothing of Strawberry's
own execution is used (its schema extensions included): documents are prepared by ``documents`` and executed by
``execution``.
"""

from collections.abc import Iterable, Sequence

import strawberry
from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLSchema,
    Undefined,
    is_input_object_type,
    is_interface_type,
    is_non_null_type,
    is_object_type,
    lexicographic_sort_schema,
    print_schema,
)
from strawberry.schema.config import StrawberryConfig
from strawberry.types import get_object_definition

from api.graphql.resolvers import bind_resolvers
from api.scalars import SCALARS


def build_schema(
    queries: Sequence[type], mutations: Sequence[type] = (), subscriptions: Sequence[type] = ()
) -> GraphQLSchema:
    """One schema of the areas' parts.

    Raises:
        TypeError: two areas define the same root field.
    """
    schema = strawberry.Schema(
        _root("Query", queries),
        _root("Mutation", mutations) if mutations else None,
        _root("Subscription", subscriptions) if subscriptions else None,
        config=StrawberryConfig(scalar_map=SCALARS),
    )
    built: GraphQLSchema = schema._schema
    _drop_null_defaults(built)
    _trust_sources(built)
    bind_resolvers(built)
    return built


def export_schema(schema: GraphQLSchema) -> str:
    """The schema as text, in an order that does not depend on the code's."""
    return print_schema(lexicographic_sort_schema(schema)) + "\n"


def _root(name: str, parts: Sequence[type]) -> type:
    seen: dict[str, str] = {}
    for part in parts:
        for field in get_object_definition(part, strict=True).fields:
            if field.python_name in seen:
                raise TypeError(
                    f"{name}.{field.python_name} is defined by {seen[field.python_name]} and {part.__module__}"
                )
            seen[field.python_name] = part.__module__
    return strawberry.type(type(name, tuple(parts), {}), name=name)


def _drop_null_defaults(schema: GraphQLSchema) -> None:
    """Remove the default ``= null``, which Strawberry gives every optional value and which says nothing."""
    for type_ in schema.type_map.values():
        if is_input_object_type(type_):
            _drop(type_.fields.values())
        elif (is_object_type(type_) or is_interface_type(type_)) and not type_.name.startswith("__"):
            for field in type_.fields.values():
                _drop(field.args.values())


def _trust_sources(schema: GraphQLSchema) -> None:
    """Let types that implement an interface take any source, as all other types do: sources are domain values."""
    for type_ in schema.type_map.values():
        if is_object_type(type_):
            type_.is_type_of = None


def _drop(inputs: Iterable[GraphQLArgument | GraphQLInputField]) -> None:
    for each in inputs:
        if each.default_value is None and not is_non_null_type(each.type):
            each.default_value = Undefined
