"""Paths into the input: whatever is blamed by the domain, a variable or a literal, is named from its argument on."""

from typing import Any

import pytest
from graphql import FieldNode, GraphQLInputType, OperationDefinitionNode, OperationType, get_named_type, parse
from graphql import is_input_object_type as is_object

from api.input_paths import place, placed, usage_of
from api.root import platform_schema

SCHEMA = platform_schema()
MUTATION, QUERY = OperationType.MUTATION, OperationType.QUERY


def first_root(text: str) -> tuple[OperationDefinitionNode, FieldNode]:
    (operation,) = parse(text).definitions
    assert isinstance(operation, OperationDefinitionNode)
    (root,) = operation.selection_set.selections
    assert isinstance(root, FieldNode)
    return operation, root


@pytest.mark.parametrize(
    ("kind", "root", "said", "field"),
    [
        (MUTATION, "placeOrder", {"field": "quantity"}, "input.quantity"),
        (MUTATION, "placeOrder", {"field": "input"}, "input"),
        (MUTATION, "placeOrders", {"field": "quantity", "index": 3}, "input.orders.3.quantity"),
        (MUTATION, "placeOrders", {"field": "orders"}, "input.orders"),
        (MUTATION, "publishQuotes", {"field": "bid", "index": 0}, "input.quotes.0.bid"),
        (MUTATION, "publishQuotes", {"field": "replay"}, "input.replay"),
        (MUTATION, "createInstrument", {"field": "fees.takerRate"}, "input.fees.takerRate"),
        (MUTATION, "placeBracket", {"field": "entry.symbol"}, "input.entry.symbol"),
        (MUTATION, "cancelOrder", {"field": "id"}, "input.id"),
        (QUERY, "orders", {"field": "after"}, "after"),
        (QUERY, "orders", {"field": "symbols"}, "filter.symbols"),
        (QUERY, "orders", {"field": "somethingElse"}, "somethingElse"),
    ],
)
def test_domain_field_names_become_input_paths(
    kind: OperationType, root: str, said: dict[str, Any], field: str
) -> None:
    node = FieldNode(name=first_root(f"{{ {root} }}")[1].name)
    found = placed({"code": "BAD_USER_INPUT", **said}, SCHEMA, kind, node)
    assert found == {"code": "BAD_USER_INPUT", **said, "field": field}
    # What is a path already stays one.
    assert placed(found, SCHEMA, kind, node) == found


def test_every_input_field_of_every_operation_has_a_path() -> None:
    for kind in OperationType:
        root = SCHEMA.get_root_type(kind)
        assert root is not None
        for name, definition in root.fields.items():
            node = FieldNode(name=first_root(f"{{ {name} }}")[1].name)
            for argument, each in definition.args.items():
                for field in _fields(each.type) or [argument]:
                    path = placed({"field": field}, SCHEMA, kind, node)["field"].split(".")
                    assert path[0] in definition.args, (name, field)
                    assert path[-1] == field, (name, field)


def _fields(type_: GraphQLInputType) -> list[str]:
    inner = get_named_type(type_)
    return list(inner.fields) if is_object(inner) else []


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("query ($v: A) { f(input: $v) }", ("input",)),
        ("query ($v: A) { f(input: { a: 1, quantity: $v }) }", ("input", "quantity")),
        ("query ($v: A) { f(input: { orders: [{ q: 1 }, { q: $v }] }) }", ("input", "orders", 1, "q")),
        ("query ($v: A) { f(ids: [1, $v]) }", ("ids", 1)),
        ("query ($v: A) { f @skip(if: $v) { g(first: $v) } }", ("first",)),
        ("query ($v: A) { f }", ("v",)),
    ],
)
def test_the_path_of_a_variable_begins_at_its_argument(text: str, path: tuple[str | int, ...]) -> None:
    assert usage_of("v", first_root(text)[0], []) == path


def test_a_path_contains_the_innermost_index() -> None:
    assert place(("input", "orders", 3, "q")) == {"field": "input.orders.3.q", "index": 3}
    assert place(("input", "q")) == {"field": "input.q"}
