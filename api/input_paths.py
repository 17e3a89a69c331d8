"""Paths into the input: the place of an invalid value as the client wrote it, such as ``input.orders.3.quantity``.

Pure. The domain names its own field (``quantity``, and in a batch its index); variables and literals
say where in their own value. Here all become the path from an argument of the field that failed.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from graphql import (
    ArgumentNode,
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLArgument,
    GraphQLInputField,
    GraphQLInputType,
    GraphQLSchema,
    ListValueNode,
    ObjectFieldNode,
    OperationDefinitionNode,
    OperationType,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    get_named_type,
    get_nullable_type,
    is_input_object_type,
    is_list_type,
    is_object_type,
    visit,
)

Path = tuple[str | int, ...]
# Where the index of a batch goes.
_INDEX: Final = "*"
_MAX_DEPTH: Final = 6


def place(path: Iterable[str | int]) -> dict[str, str | int]:
    """The extensions that name a path: ``field``, and ``index`` of the innermost list in it."""
    steps = list(path)
    named: dict[str, str | int] = {"field": ".".join(map(str, steps))}
    indices = [step for step in steps if isinstance(step, int)]
    if indices:
        named["index"] = indices[-1]
    return named


def literal_path(keys: Sequence[str | int], ancestors: Sequence[Any], parent: Any) -> Path:
    """The path of a literal or a variable, from the keys of the containers around it."""
    steps: list[str | int] = []
    containers = [*ancestors, parent]
    for number, (container, key) in enumerate(zip(containers, keys, strict=True)):
        if isinstance(container, ArgumentNode | ObjectFieldNode):
            steps.append(container.name.value)
        elif isinstance(container, VariableDefinitionNode):
            steps.append(container.variable.name.value)
        elif number and isinstance(containers[number - 1], ListValueNode):
            steps.append(key)
    return tuple(steps)


class _Usage(Visitor):
    """Finds where a variable is used first."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self.found: Path | None = None

    def enter_variable_definition(self, *_rest: Any) -> Any:
        return self.SKIP

    def enter_variable(self, node: VariableNode, _key: Any, parent: Any, path: list[Any], ancestors: list[Any]) -> Any:
        if node.name.value != self._name or any(isinstance(each, DirectiveNode) for each in ancestors):
            return None
        self.found = literal_path(path, ancestors, parent)
        return self.BREAK


def usage_of(name: str, operation: OperationDefinitionNode, fragments: Iterable[FragmentDefinitionNode]) -> Path:
    """The path of the argument, or of the part of one, that a variable is given to; its own name if there is none."""
    for node in (operation, *fragments):
        search = _Usage(name)
        visit(node, search)
        if search.found:
            return search.found
    return (name,)


def placed(
    extensions: Mapping[str, Any], schema: GraphQLSchema, kind: OperationType, node: FieldNode, *, is_root: bool = True
) -> dict[str, Any]:
    """The extensions of an error of the field ``node``, with the whole path as ``field``."""
    field, index = extensions.get("field"), extensions.get("index")
    if not isinstance(field, str) or not field:
        return dict(extensions)
    steps = _steps(schema, kind if is_root else None, node.name.value, field, isinstance(index, int))
    return {**extensions, "field": ".".join(str(index) if step == _INDEX else step for step in steps)}


@lru_cache(maxsize=4_096)
def _steps(
    schema: GraphQLSchema, kind: OperationType | None, name: str, field: str, has_index: bool
) -> tuple[str, ...]:
    first, *rest = field.split(".")
    for arguments in _arguments(schema, kind, name):
        found = _search(arguments, first, has_index)
        if found is not None:
            prefix, type_ = found
            is_item = has_index and _INDEX not in prefix and not (rest and rest[0].isdigit())
            index = (_INDEX,) if is_item and is_list_type(get_nullable_type(type_)) else ()
            steps = (*prefix, first, *index, *rest)
            return steps if has_index else tuple(step for step in steps if step != _INDEX)
    return tuple(field.split("."))


def _arguments(schema: GraphQLSchema, kind: OperationType | None, name: str) -> Iterable[Mapping[str, GraphQLArgument]]:
    """The arguments of the root field, or of every field of that name below the root."""
    types = [schema.get_root_type(kind)] if kind is not None else list(schema.type_map.values())
    for type_ in types:
        if is_object_type(type_) and name in type_.fields and type_.fields[name].args:
            yield type_.fields[name].args


def _search(
    arguments: Mapping[str, GraphQLArgument], wanted: str, has_index: bool
) -> tuple[tuple[str, ...], GraphQLInputType] | None:
    """The way to the nearest input field of a name, and its type: with an index within a list, else outside of one."""
    level: list[tuple[tuple[str, ...], Mapping[str, GraphQLArgument | GraphQLInputField]]] = [((), arguments)]
    nearest: tuple[tuple[str, ...], GraphQLInputType] | None = None
    for _ in range(_MAX_DEPTH):
        deeper: list[tuple[tuple[str, ...], Mapping[str, GraphQLArgument | GraphQLInputField]]] = []
        for prefix, fields in level:
            if wanted in fields:
                found = prefix, fields[wanted].type
                is_item = _INDEX in prefix or is_list_type(get_nullable_type(found[1]))
                if is_item if has_index else _INDEX not in prefix:
                    return found
                nearest = nearest or found
            for name, each in fields.items():
                inner = get_named_type(each.type)
                if is_input_object_type(inner):
                    item = (_INDEX,) if is_list_type(get_nullable_type(each.type)) else ()
                    deeper.append(((*prefix, name, *item), inner.fields))
        level = deeper
    return nearest
