"""The sharing key of subscriptions: equal keys get equal answers, and may depend on the caller."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLSchema,
    InlineFragmentNode,
    Node,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    Visitor,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_object_type,
    print_ast,
    visit,
)

from api.graphql.documents import Operation
from api.graphql.encoding import encode
from api.graphql.field_flags import is_same_for_all


@dataclass(frozen=True, slots=True)
class Selection:
    """The selection of a subscription: equal text and equal values of ``variables`` give equal answers."""

    text: str
    variables: tuple[str, ...]
    same_for_all: bool

    def key(self, values: Mapping[str, Any]) -> Hashable:
        """The text with the values of its variables."""
        # As text: the encoder's bytes keep the four kilobytes that it began with.
        return self.text, encode({name: repr(values[name]) for name in self.variables if name in values}).decode()


def selection_of(operation: Operation) -> Selection:
    """The selection of a subscription, without its arguments, which choose the events."""
    nodes: list[Node] = []
    root = _single_field(operation.node)
    if root is None:
        # The one root field hides in a fragment: compare all of the document, arguments and all.
        nodes.append(operation.document)
    else:
        nodes += [*(root.directives or ()), root.alias or root.name, root.name]
        if root.selection_set is not None:
            nodes.append(root.selection_set)
            nodes += _fragments(root.selection_set, operation.fragments)
    variables = _Variables()
    for node in nodes:
        visit(node, variables)
    schema = operation.schema
    subscription = schema.subscription_type
    assert subscription is not None
    walker = _Walker(schema, operation.fragments)
    return Selection(
        text="\n".join(print_ast(node) for node in nodes),
        variables=tuple(sorted(variables.names)),
        same_for_all=root is not None and walker.field_is_same_for_all(subscription, root),
    )


def _single_field(operation: OperationDefinitionNode) -> FieldNode | None:
    selections = operation.selection_set.selections
    return selections[0] if len(selections) == 1 and isinstance(selections[0], FieldNode) else None


class _Variables(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.names.add(node.name.value)


class _Spreads(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> None:
        self.names.append(node.name.value)


def _fragments(node: Node, fragments: Mapping[str, FragmentDefinitionNode]) -> list[FragmentDefinitionNode]:
    """The fragments used below ``node``, by name."""
    found: dict[str, FragmentDefinitionNode] = {}
    waiting: list[Node] = [node]
    while waiting:
        spreads = _Spreads()
        visit(waiting.pop(), spreads)
        for name in spreads.names:
            if name not in found:
                found[name] = fragments[name]
                waiting.append(fragments[name])
    return [found[name] for name in sorted(found)]


class _Walker:
    def __init__(self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._schema = schema
        self._fragments = fragments

    def field_is_same_for_all(self, parent: GraphQLCompositeType, node: FieldNode) -> bool:
        """True if everything below a field is the same for everybody who may see the field itself."""
        field = self._schema.get_field(parent, node.name.value)
        if field is None:
            return False
        if node.selection_set is None:
            return True
        below = get_named_type(field.type)
        return is_composite_type(below) and self._selections(below, node.selection_set)

    def _selections(self, parent: GraphQLCompositeType, node: SelectionSetNode) -> bool:
        return all(self._selection(parent, selection) for selection in node.selections)

    def _selection(self, parent: GraphQLCompositeType, selection: Node) -> bool:
        if isinstance(selection, FieldNode):
            if selection.name.value == "__typename":
                return True
            return self._marked(parent, selection.name.value) and self.field_is_same_for_all(parent, selection)
        if isinstance(selection, FragmentSpreadNode):
            selection = self._fragments[selection.name.value]
        assert isinstance(selection, InlineFragmentNode | FragmentDefinitionNode)
        condition = selection.type_condition
        narrowed = self._schema.get_type(condition.name.value) if condition else parent
        return (
            narrowed is not None and is_composite_type(narrowed) and self._selections(narrowed, selection.selection_set)
        )

    def _marked(self, parent: GraphQLCompositeType, name: str) -> bool:
        """True if the field is the same for all in every possible type of the parent."""
        types = list(self._schema.get_possible_types(parent)) if is_abstract_type(parent) else [parent]
        fields = [type_.fields.get(name) for type_ in types if is_object_type(type_)]
        return bool(fields) and all(field is not None and is_same_for_all(field) for field in fields)
