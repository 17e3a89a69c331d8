"""The cost of an operation: the number of values that it can return, from the sizes of its pages.

A value that takes more time than others counts for several: one that has a resolver of its own which waits, one of the
schema itself, and one for which much is read.

Runs after validation. Page sizes in variables make the cost depend on them; otherwise it is computed once.
"""

from collections.abc import Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLField,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NamedTypeNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
)

from api.errors import VALIDATION_FAILED, RequestError, coded
from api.graphql.field_flags import definition_of, is_costly, is_plain, is_straight
from domain.kernel.pages import DEFAULT_PAGE, MAX_PAGE

# Arguments that say how many items a field gives.
_ROWS = "limit"
_SIZES = ("first", "last", _ROWS)
# No list without pages gives more.
_MAX_ROWS = 5_000
# The argument that lists what a field gives, one by one.
_LIST = "ids"
# Lists that have no size are short: the legs of an order, the grants of a user.
_UNSIZED_LIST = 10
# What paging wraps its items in: the size was counted at the connection.
_CONNECTION_LIST = "edges"
# What is asked of the schema itself grows with the schema, whatever the question.
_INTROSPECTION = {"__schema": 40_000, "__type": 1_500}
# A plain value is read in 0.3 microseconds; a resolver that may wait takes 17, and others ten times what they return.
_RESOLVED = 10
_COSTLY = 4_000
# A longer number is no size.
_SIZE_DIGITS = 9


class CostModel:
    """Costs of the operations of one document."""

    __slots__ = ("_fragments", "_schema", "depends_on_variables")

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self.depends_on_variables = False

    def cost(self, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> int:
        """The number of values that ``operation`` can return."""
        root = self._schema.get_root_type(operation.operation)
        assert root is not None
        return self._selections(root, operation.selection_set, variables, {})

    def _selections(
        self,
        parent: GraphQLCompositeType,
        node: SelectionSetNode,
        variables: Mapping[str, Any],
        known: dict[str, int],
    ) -> int:
        total = 0
        for selection in node.selections:
            if isinstance(selection, FieldNode):
                total += self._field(parent, selection, variables, known)
            elif isinstance(selection, FragmentSpreadNode):
                name = selection.name.value
                if name not in known:
                    fragment = self._fragments[name]
                    known[name] = self._selections(
                        self._narrowed(parent, fragment.type_condition), fragment.selection_set, variables, known
                    )
                total += known[name]
            else:
                assert isinstance(selection, InlineFragmentNode)
                narrowed = self._narrowed(parent, selection.type_condition)
                total += self._selections(narrowed, selection.selection_set, variables, known)
        return total

    def _narrowed(self, parent: GraphQLCompositeType, condition: NamedTypeNode | None) -> GraphQLCompositeType:
        type_ = self._schema.get_type(condition.name.value) if condition else None
        return type_ if type_ is not None and is_composite_type(type_) else parent

    def _field(
        self,
        parent: GraphQLCompositeType,
        node: FieldNode,
        variables: Mapping[str, Any],
        known: dict[str, int],
    ) -> int:
        field = self._schema.get_field(parent, node.name.value)
        if field is None or node.name.value.startswith("__"):
            return _INTROSPECTION.get(node.name.value, 1)
        own = _own_cost(field)
        if node.selection_set is None:
            return own
        below = get_named_type(field.type)
        assert is_composite_type(below)
        return own + self._size(field, node, variables) * self._selections(below, node.selection_set, variables, known)

    def _size(self, field: GraphQLField, node: FieldNode, variables: Mapping[str, Any]) -> int:
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        if _LIST in field.args:
            return self._length(given.get(_LIST), variables)
        sizes = [name for name in _SIZES if name in field.args]
        if sizes:
            asked = [self._number(given[name], variables) for name in sizes if name in given]
            defaults = [field.args[name].default_value for name in sizes]
            known = [size for size in asked or defaults if isinstance(size, int) and size > 0]
            # A page beyond the bound is refused with its own error where the page is made.
            return min(max(known, default=DEFAULT_PAGE), _MAX_ROWS if _ROWS in sizes else MAX_PAGE)
        if is_list_type(get_nullable_type(field.type)) and node.name.value != _CONNECTION_LIST:
            return _UNSIZED_LIST
        return 1

    def _length(self, value: object, variables: Mapping[str, Any]) -> int:
        """The number of items that a list names."""
        if isinstance(value, VariableNode):
            self.depends_on_variables = True
            listed = variables.get(value.name.value)
            return len(listed) if isinstance(listed, list) else 1
        return len(value.values) if isinstance(value, ListValueNode) else 1

    def _number(self, value: object, variables: Mapping[str, Any]) -> int | None:
        if isinstance(value, IntValueNode):
            return int(value.value) if len(value.value) <= _SIZE_DIGITS else None
        if isinstance(value, VariableNode):
            self.depends_on_variables = True
            number = variables.get(value.name.value)
            return number if isinstance(number, int) else None
        return None


def _own_cost(field: GraphQLField) -> int:
    """The cost of a field without what is below it."""
    if is_costly(field):
        return _COSTLY
    if definition_of(field) is None:
        return 1
    return 1 if is_plain(field) or is_straight(field) else _RESOLVED


def check_cost(cost: int, maximum: int) -> None:
    """Check that the cost of an operation is within the limit.

    Raises:
        RequestError: it can return more values than allowed.
    """
    if cost > maximum:
        raise RequestError(
            coded(
                f"The operation can ask for {cost} values; at most {maximum} are allowed. Ask for smaller pages.",
                VALIDATION_FAILED,
                bound="cost",
                maximum=maximum,
                observed=cost,
            )
        )
