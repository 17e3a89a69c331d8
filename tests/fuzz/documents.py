"""An operation for every root field: its arguments as variables, and everything plain selected."""

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import (
    GraphQLField,
    GraphQLInputType,
    GraphQLOutputType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_interface_type,
    is_list_type,
    is_object_type,
    is_required_argument,
)

_DEPTH = 3


@dataclass(frozen=True, slots=True)
class Root:
    """A root field: its operation, and the types of its variables."""

    kind: str
    name: str
    text: str
    arguments: dict[str, GraphQLInputType]


def roots(schema: GraphQLSchema) -> Iterator[Root]:
    """All of them, in the schema's order."""
    for kind, type_ in (
        ("query", schema.query_type),
        ("mutation", schema.mutation_type),
        ("subscription", schema.subscription_type),
    ):
        assert type_ is not None
        for name, field in type_.fields.items():
            yield Root(kind, name, _text(kind, name, field), {key: each.type for key, each in field.args.items()})


def _text(kind: str, name: str, field: GraphQLField) -> str:
    declared = ", ".join(f"${key}: {each.type}" for key, each in field.args.items())
    passed = ", ".join(f"{key}: ${key}" for key in field.args)
    head = f"{kind} {'(' + declared + ')' if declared else ''}"
    # A list of everything to that depth costs more than an operation may.
    depth = _DEPTH - 1 if is_list_type(get_nullable_type(field.type)) else _DEPTH
    return f"{head} {{ {name}{'(' + passed + ')' if passed else ''}{_selection(field.type, depth)} }}"


def _selection(type_: GraphQLOutputType, depth: int) -> str:
    named = get_named_type(type_)
    if not is_composite_type(named):
        return ""
    parts = ["__typename"]
    # Of a union nothing can be selected but what it is.
    fields = named.fields if is_object_type(named) or is_interface_type(named) else {}
    for name, field in fields.items():
        if any(is_required_argument(each) for each in field.args.values()):
            continue
        if not is_composite_type(get_named_type(field.type)):
            parts.append(name)
        elif depth > 1:
            parts.append(name + _selection(field.type, depth - 1))
    return f" {{ {' '.join(parts)} }}"
