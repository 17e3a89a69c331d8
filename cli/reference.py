"""The reference page of the API: every operation and type of the schema with its description."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    Undefined,
    get_named_type,
    is_specified_scalar_type,
    print_ast,
)
from graphql.utilities import ast_from_value

_HEAD: Final = """# Reference

Every operation and type of the API, generated from the schema (`make schema`). [The API](api.md) says how to ask, how
to listen and what errors mean; [rights](api.md#roles-and-accounts) say who may ask for what. `!` marks what is
never null, and an argument that must be given.
"""
_ROOTS: Final = (("query_type", "Queries"), ("mutation_type", "Mutations"), ("subscription_type", "Subscriptions"))


def reference(schema: GraphQLSchema) -> str:
    """The page."""
    types = [type_ for name, type_ in sorted(schema.type_map.items()) if not name.startswith("__")]
    roots = {schema.query_type, schema.mutation_type, schema.subscription_type}
    listed = [type_ for type_ in types if type_ not in roots and not is_specified_scalar_type(type_)]
    parts = [_HEAD]
    for attribute, title in _ROOTS:
        root: GraphQLObjectType | None = getattr(schema, attribute)
        if root is not None:
            parts.append(f"## {title}\n")
            parts += [_operation(f"{root.name}.{name}", field) for name, field in sorted(root.fields.items())]
    for title, kinds, show in _SECTIONS:
        chosen = [type_ for type_ in listed if isinstance(type_, kinds)]
        if chosen:
            parts.append(f"## {title}\n")
            parts += ["\n".join(_lines(type_, show)) + "\n" for type_ in chosen]
    return "\n".join(parts)


def _operation(name: str, field: GraphQLField) -> str:
    lines = [f"### {name}", "", f"{_text(field)} Gives {_link(field.type)}.", ""]
    if field.args:
        lines += ["| argument | type | default | |", "| --- | --- | --- | --- |"]
        lines += [
            f"| `{each}` | {_link(given.type)} | {_default(given)} | {_text(given)} |"
            for each, given in field.args.items()
        ]
        lines.append("")
    return "\n".join(lines)


def _lines(type_: GraphQLNamedType, show: Callable[[Any], Iterator[str]]) -> Iterator[str]:
    yield f"### {type_.name}"
    yield ""
    if type_.description:
        yield _text(type_)
        yield ""
    yield from show(type_)


def _fields(type_: GraphQLObjectType | GraphQLInterfaceType) -> Iterator[str]:
    yield from ("| field | type | |", "| --- | --- | --- |")
    for name, field in sorted(type_.fields.items()):
        told = [_text(field)]
        told += [f"`{each}`: {_link(given.type)}: {_text(given)}" for each, given in field.args.items()]
        if field.deprecation_reason:
            told.append(f"Deprecated: {_flat(field.deprecation_reason)}")
        yield f"| `{name}` | {_link(field.type)} | {'<br>'.join(told)} |"


def _inputs(type_: GraphQLInputObjectType) -> Iterator[str]:
    yield from ("| field | type | default | |", "| --- | --- | --- | --- |")
    for name, given in sorted(type_.fields.items()):
        yield f"| `{name}` | {_link(given.type)} | {_default(given)} | {_text(given)} |"


def _values(type_: GraphQLEnumType) -> Iterator[str]:
    yield from ("| value | |", "| --- | --- |")
    for name, value in type_.values.items():
        yield f"| `{name}` | {_text(value)} |"


def _members(type_: GraphQLUnionType) -> Iterator[str]:
    yield "One of " + ", ".join(_link(member) for member in type_.types) + "."


def _nothing(_type: GraphQLNamedType) -> Iterator[str]:
    return iter(())


_SECTIONS: Final[Iterable[tuple[str, tuple[type[GraphQLNamedType], ...], Callable[[Any], Iterator[str]]]]] = (
    ("Types", (GraphQLObjectType, GraphQLInterfaceType), _fields),
    ("Unions", (GraphQLUnionType,), _members),
    ("Inputs", (GraphQLInputObjectType,), _inputs),
    ("Enums", (GraphQLEnumType,), _values),
    ("Scalars", (GraphQLScalarType,), _nothing),
)


def _link(type_: Any) -> str:
    name = get_named_type(type_).name
    text = str(type_)
    before, _, after = text.partition(name)
    target = f"[{name}](#{name.lower()})" if name not in _CORE else name
    # Brackets of a list are not those of a link.
    return f"{_escaped(before)}{target}{_escaped(after)}"


_CORE: Final = frozenset({"String", "ID", "Int", "Float", "Boolean"})
_SPECIAL: Final[Mapping[str, str]] = {"[": "\\[", "]": "\\]", "|": "\\|"}


def _escaped(text: str) -> str:
    return "".join(_SPECIAL.get(character, character) for character in text)


def _default(given: Any) -> str:
    if given.default_value is Undefined:
        return ""
    node = ast_from_value(given.default_value, given.type)
    return f"`{print_ast(node)}`" if node is not None else ""


def _text(target: Any) -> str:
    return _flat(target.description or "")


def _flat(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
