"""The attributes that an operation reads of a field's values, so that a query reads no others.

The answer may name more than is read (what ``@skip`` leaves out counts as read), never less.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionSetNode,
    get_named_type,
    is_object_type,
)

from api.graphql.field_flags import attributes_read


def selected_attributes(info: Any, *path: str) -> frozenset[str] | None:
    """The attributes that are read of the objects which ``path``, field by field, leads to from the resolved field.

    ``info`` is the core's info object of the resolver. None: a selected field does not say what it reads, so that
    every attribute may be.
    """
    type_ = get_named_type(info.return_type)
    nodes: list[FieldNode] = list(info.field_nodes)
    for name in path:
        nodes = [node for node in _fields_below(nodes, info.fragments) if node.name.value == name]
        type_ = _type_of(info.schema, type_, name)
    if not isinstance(type_, GraphQLObjectType):
        return None
    found: set[str] = set()
    for name in {node.name.value for node in _fields_below(nodes, info.fragments)} - {"__typename"}:
        field = type_.fields.get(name)
        names = None if field is None else attributes_read(field)
        if names is None:
            return None
        found.update(names)
    return frozenset(found)


def _type_of(schema: GraphQLSchema, parent: Any, name: str) -> Any:
    field = schema.get_field(parent, name) if is_object_type(parent) else None
    return None if field is None else get_named_type(field.type)


def _fields_below(nodes: Iterable[FieldNode], fragments: Mapping[str, FragmentDefinitionNode]) -> Iterator[FieldNode]:
    for node in nodes:
        if node.selection_set is not None:
            yield from _fields_of(node.selection_set, fragments)


def _fields_of(selections: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode]) -> Iterator[FieldNode]:
    for selection in selections.selections:
        if isinstance(selection, FieldNode):
            yield selection
        elif isinstance(selection, InlineFragmentNode):
            yield from _fields_of(selection.selection_set, fragments)
        elif isinstance(selection, FragmentSpreadNode):
            yield from _fields_of(fragments[selection.name.value].selection_set, fragments)
