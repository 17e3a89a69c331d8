"""Documents are parsed, bounded, validated and remembered; what is wrong with one has a code and a place."""

import hashlib
from decimal import Decimal
from typing import Any

import pytest
import strawberry
from strawberry.schema.config import StrawberryConfig

from api.context import Context
from api.errors import RequestError
from api.graphql.documents import Documents, Operation
from api.graphql.field_flags import PUBLIC
from api.limits import RequestLimits
from api.scalars import SCALARS


@strawberry.input
class PlaceInput:
    symbol: str
    quantity: Decimal
    note: str | None = None


@strawberry.input
class BatchInput:
    orders: list[PlaceInput]
    password: str | None = None


@strawberry.type
class Edge:
    node: "Item"


@strawberry.type
class Connection:
    edges: list[Edge]


@strawberry.type
class Item:
    id: strawberry.ID
    children: list["Item"]

    @strawberry.field
    def items(self, first: int | None = None, last: int | None = None) -> Connection:
        return Connection(edges=[])


@strawberry.type
class Query:
    @strawberry.field
    def item(self) -> Item | None:
        return None

    @strawberry.field
    def items(self, first: int | None = None) -> Connection:
        return Connection(edges=[])

    @strawberry.field
    def bars(self, limit: int = 500) -> list[Item]:
        return []


@strawberry.type
class Mutation:
    @strawberry.mutation(metadata=PUBLIC)
    def login(self, name: str) -> bool:
        return True

    @strawberry.mutation
    def place(self, input: PlaceInput) -> bool:
        return True

    @strawberry.mutation
    def place_all(self, input: BatchInput) -> bool:
        return True


SCHEMA = strawberry.Schema(Query, Mutation, config=StrawberryConfig(scalar_map=SCALARS))._schema


def documents(**limits: Any) -> Documents:
    return Documents(SCHEMA, RequestLimits(**limits))


def prepare(text: str, name: str | None = None, *, trusted: bool = True, **limits: Any) -> Operation:
    return documents(**limits).prepare(text, name, trusted=trusted)


def refusal(text: str, name: str | None = None, **keywords: Any) -> dict[str, Any]:
    with pytest.raises(RequestError) as caught:
        prepare(text, name, **keywords)
    error = caught.value.errors[0]
    return {"message": error["message"], **error["extensions"]}


def variable_refusal(text: str, variables: dict[str, Any]) -> list[dict[str, Any]]:
    with pytest.raises(RequestError) as caught:
        prepare(text).executor(variables, Context(services=None))  # type: ignore[arg-type]
    return [{"message": error["message"], **error["extensions"]} for error in caught.value.errors]


def nested(levels: int) -> str:
    return "{ item " + "{ children " * (levels - 1) + "{ id }" + " }" * (levels - 1) + " }"


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{ item {", "GRAPHQL_PARSE_FAILED"),
        ("", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("query ($a: Int) { item { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("mutation { place(input: { symbol: 5, quantity: 1 }) }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ " * 3_000, "GRAPHQL_PARSE_FAILED"),
        ("fragment a on Query { ...b } fragment b on Query { ...a } { ...a }", "GRAPHQL_VALIDATION_FAILED"),
    ],
)
def test_an_invalid_document_is_refused_with_its_reason(text: str, code: str) -> None:
    assert refusal(text)["code"] == code


@pytest.mark.parametrize(
    ("text", "bound", "observed"),
    [
        (nested(100), "depth", 101),
        ("{ " + " ".join(f"a{n}: __typename" for n in range(60)) + " }", "rootFields", 60),
        ("{ item { " + " ".join(f"a{n}: id" for n in range(101)) + " } }", "aliases", 101),
        (
            "{ item { ...f0 } } "
            + " ".join(f"fragment f{n} on Item {{ children {{ ...f{n + 1} ...f{n + 1} }} }}" for n in range(13))
            + " fragment f13 on Item { id }",
            "fields",
            2**14,
        ),
    ],
)
def test_an_operation_beyond_a_bound_is_refused(text: str, bound: str, observed: int) -> None:
    found = refusal(text)
    assert (found["code"], found["bound"], found["observed"]) == ("GRAPHQL_VALIDATION_FAILED", bound, observed)
    assert str(found["maximum"]) in found["message"]


@pytest.mark.parametrize(
    "text",
    [
        "{ item { " + "children { id } " * 900 + "} }",
        "{ item { " + "id " * 3_900 + "} }",
        "{ " + ("item { " + "id " * 76 + "} ") * 49 + "}",
        "{ item { "
        + " ".join(f"...f{n}" for n in range(300))
        + " } } "
        + " ".join(f"fragment f{n} on Item {{ id }}" for n in range(300)),
        " ".join(f"query q{n} {{ item {{ {'id ' * 30}}} }}" for n in range(100)),
    ],
)
def test_repeated_fields_are_refused_before_all_pairs_are_compared(text: str) -> None:
    found = refusal(text)
    assert (found["code"], found["bound"]) == ("GRAPHQL_VALIDATION_FAILED", "comparisons")


def test_fragments_of_many_components_may_select_the_same_fields() -> None:
    parts = " ".join(f"fragment f{n} on Item {{ id children {{ id }} }}" for n in range(30))
    assert prepare("{ item { " + " ".join(f"...f{n}" for n in range(30)) + " } } " + parts).name is None


def test_the_deepest_allowed_operation_passes() -> None:
    assert prepare(nested(RequestLimits().depth - 1)).name is None
    assert refusal(nested(RequestLimits().depth))["bound"] == "depth"


def test_a_chain_of_hundreds_of_fragments_is_refused_without_following_it() -> None:
    chain = (
        " ".join(f"fragment f{n} on Query {{ ...f{n + 1} }}" for n in range(450))
        + " fragment f450 on Query { __typename }"
    )
    assert refusal("{ ...f0 } " + chain)["code"] == "GRAPHQL_VALIDATION_FAILED"


def test_every_operation_of_a_document_must_be_within_the_bounds() -> None:
    assert refusal(f"query small {{ item {{ id }} }} query large {nested(50)}", "small")["bound"] == "depth"


def test_anonymous_requests_have_a_lower_token_limit() -> None:
    text = "{ item { " + ("id " * 40 + "children { ") * 8 + "id " + "} " * 10
    assert prepare(text).kind.value == "query"
    found = refusal(text, trusted=False)
    assert found["code"] == "GRAPHQL_PARSE_FAILED"
    assert "300 tokens" in found["message"]


def test_anonymous_callers_get_no_suggestions() -> None:
    assert "Did you mean 'item'" in refusal("{ itm { id } }")["message"]
    assert "Did you mean" not in refusal("{ itm { id } }", trusted=False)["message"]


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        (
            "query a { item { id } } query b { item { id } }",
            None,
            "Give operationName: the document has several operations.",
        ),
        ("query a { item { id } }", "b", "The document has no operation of that name."),
        ("fragment a on Item { id }", None, None),
    ],
)
def test_an_operation_must_be_named_among_several(text: str, name: str | None, message: str | None) -> None:
    found = refusal(text, name)
    if message is not None:
        assert found == {"message": message, "code": "BAD_USER_INPUT", "field": "operationName"}


# ------------------------------------------------------------------ values


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('mutation { place(input: { symbol: "X", quantity: "NaN" }) }', {"field": "input.quantity"}),
        (
            'mutation { placeAll(input: { orders: [{ symbol: "X", quantity: 1 }, { symbol: "X", quantity: "x" }] }) }',
            {"field": "input.orders.1.quantity", "index": 1},
        ),
    ],
)
def test_an_invalid_literal_is_bad_input_with_its_field(text: str, place: dict[str, Any]) -> None:
    found = refusal(text)
    assert found["code"] == "BAD_USER_INPUT"
    assert {name: found[name] for name in place} == place


@pytest.mark.parametrize(
    ("variables", "place", "message"),
    [
        ({}, {"field": "input"}, "Variable '$i': Expected a value of non-null type 'PlaceInput!' to be provided."),
        (
            {"i": {"symbol": "X", "quantity": "1_000"}},
            {"field": "input.quantity"},
            'Variable \'$i\': "1_000" is not a decimal number such as "1250.75".',
        ),
        (
            {"i": {"symbol": None, "quantity": 1}},
            {"field": "input.symbol"},
            "Variable '$i': Expected value of non-null type 'String!' not to be None.",
        ),
        (
            {"i": {"symbol": "X"}},
            {"field": "input.quantity"},
            "Variable '$i': Expected value of type 'PlaceInput' to include required field 'quantity'.",
        ),
        (
            {"i": {"symbol": "X", "quantity": "1", "qty": "2"}},
            {"field": "input.qty"},
            "Variable '$i': Expected value of type 'PlaceInput' not to include unknown field 'qty'.",
        ),
    ],
)
def test_an_invalid_variable_names_its_field(variables: dict[str, Any], place: dict[str, Any], message: str) -> None:
    text = "mutation ($i: PlaceInput!) { place(input: $i) }"
    assert variable_refusal(text, variables) == [{"message": message, "code": "BAD_USER_INPUT", **place}]


def test_an_invalid_value_in_a_batch_names_its_index() -> None:
    text = "mutation ($i: BatchInput!) { placeAll(input: $i) }"
    orders = [
        {"symbol": "X", "quantity": "1"},
        {"symbol": "X", "quantity": "Infinity"},
        {"symbol": "X", "quantity": []},
    ]
    found = variable_refusal(text, {"i": {"orders": orders}})
    expected = [(f"input.orders.{index}.quantity", index) for index in (1, 2)]
    assert [(error["field"], error["index"]) for error in found] == expected


def test_a_missing_or_unknown_field_in_a_batch_is_named_with_its_index() -> None:
    text = "mutation ($i: BatchInput!) { placeAll(input: $i) }"
    orders = [{"symbol": "X", "quantity": "1"}, {"symbol": "X"}, {"symbol": "X", "quantity": "1", "qty": "2"}]
    found = variable_refusal(text, {"i": {"orders": orders}})
    assert [(error["field"], error["index"]) for error in found] == [
        ("input.orders.1.quantity", 1),
        ("input.orders.2.qty", 2),
    ]


def test_an_error_does_not_repeat_an_object_that_may_hold_a_password() -> None:
    text = "mutation ($i: BatchInput!) { placeAll(input: $i) }"
    found = variable_refusal(text, {"i": {"password": "hunter2"}})
    assert [error["message"] for error in found] == [
        "Variable '$i': Expected value of type 'BatchInput' to include required field 'orders'."
    ]


# ------------------------------------------------------------------ cost


@pytest.mark.parametrize(
    ("text", "variables", "cost"),
    [
        ("{ item { id } }", {}, 10 + 1),
        ("{ items(first: 7) { edges { node { id } } } }", {}, 10 + 7 * 3),
        ("{ items { edges { node { id } } } }", {}, 10 + 50 * 3),
        ("query ($n: Int) { items(first: $n) { edges { node { id } } } }", {"n": 20}, 10 + 20 * 3),
        ("query ($n: Int = 400) { items(first: $n) { edges { node { id } } } }", {}, 10 + 400 * 3),
        ("{ items(first: 1000000) { edges { node { id } } } }", {}, 10 + 500 * 3),
        ("{ bars { id } }", {}, 10 + 500),
        ("{ item { ...a ...a } } fragment a on Item { children { id } }", {}, 10 + 2 * 11),
        ("{ ... on Query { item { ... { id } } } }", {}, 10 + 1),
    ],
)
def test_cost_counts_the_requested_values(text: str, variables: dict[str, Any], cost: int) -> None:
    operation = prepare(text)
    executor = operation.executor(variables, Context(services=None))  # type: ignore[arg-type]
    assert operation.cost_model.cost(operation.node, executor.variable_values.coerced) == cost


def test_an_operation_that_costs_too_much_is_refused() -> None:
    text = "query ($n: Int) { items(first: $n) { edges { node { items(first: $n) { edges { node { id } } } } } } }"
    operation = prepare(text)
    context = Context(services=None)  # type: ignore[arg-type]
    operation.executor({"n": 100}, context)
    with pytest.raises(RequestError) as caught:
        operation.executor({"n": 500}, context)
    assert caught.value.errors[0]["extensions"] == {
        "code": "GRAPHQL_VALIDATION_FAILED",
        "bound": "cost",
        "maximum": 100_000,
        "observed": 10 + 500 * (1 + 1 + 10 + 500 * 3),
    }


# ------------------------------------------------------------------ who may, and what is remembered


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("{ __typename }", True),
        ('mutation { login(name: "a") }', True),
        ('mutation { ...a } fragment a on Mutation { ... { login(name: "a") } }', True),
        ('mutation { login(name: "a") placeAll(input: { orders: [] }) }', False),
        ("mutation { ...a } fragment a on Mutation { placeAll(input: { orders: [] }) }", False),
        ("{ __schema { queryType { name } } }", False),
        ('{ __type(name: "Item") { name } }', True),
    ],
)
def test_only_marked_fields_are_public(text: str, public: bool) -> None:
    assert prepare(text).public is public


def test_documents_of_signed_in_callers_are_prepared_once() -> None:
    held = documents()
    first = held.prepare("{ item { id } }", None, trusted=True)
    assert held.prepare("{ item { id } }", None, trusted=True) is first
    assert held.prepare("{ item { id } }", None, trusted=False) is first


def test_documents_of_anonymous_callers_are_not_cached() -> None:
    held = documents()
    first = held.prepare('mutation { login(name: "a") }', None, trusted=False)
    assert held.prepare('mutation { login(name: "a") }', None, trusted=False) is not first


def test_executions_share_plans_unless_directives_change_the_selection() -> None:
    assert prepare("{ item { id } }").plans is not None
    assert prepare("query ($yes: Boolean!) { item { id @skip(if: $yes) } }").plans is None
    assert prepare("{ item { ...a @include(if: true) } } fragment a on Item { id }").plans is None


def persisted(text: str) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": hashlib.sha256(text.encode()).hexdigest()}}


def test_a_query_is_found_by_its_hash_after_a_signed_in_caller_sent_it() -> None:
    held, text = documents(), "{ item { id } }"
    extensions = persisted(text)
    for trusted in (True, False):
        with pytest.raises(RequestError) as caught:
            held.text(None, extensions, trusted=trusted)
        assert caught.value.errors == [
            {"message": "PersistedQueryNotFound", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}
        ]
    assert held.text(text, extensions, trusted=False) == text
    with pytest.raises(RequestError):
        held.text(None, extensions, trusted=True)
    assert held.text(text, extensions, trusted=True) == text
    assert held.text(None, extensions, trusted=False) == text


@pytest.mark.parametrize(
    "extensions",
    [
        persisted("another"),
        {"persistedQuery": 5},
        {"persistedQuery": {"version": 2, "sha256Hash": "0" * 64}},
        {"persistedQuery": {"version": 1, "sha256Hash": "short"}},
        {"persistedQuery": {"version": 1, "sha256Hash": None}},
    ],
)
def test_a_wrong_hash_is_refused_and_registers_nothing(extensions: dict[str, Any]) -> None:
    held = documents()
    with pytest.raises(RequestError) as caught:
        held.text("{ item { id } }", extensions, trusted=True)
    assert (caught.value.code, caught.value.errors[0]["extensions"]["field"]) == ("BAD_USER_INPUT", "extensions")
    assert len(held._persisted) == 0


def test_a_request_without_a_query_is_refused() -> None:
    with pytest.raises(RequestError) as caught:
        documents().text(None, None, trusted=True)
    assert caught.value.errors[0]["extensions"] == {"code": "BAD_USER_INPUT", "field": "query"}


def test_the_number_of_registered_queries_is_bounded() -> None:
    held = documents(persisted_queries=2)
    for text in ("{ a }", "{ b }", "{ c }"):
        held.text(text, persisted(text), trusted=True)
    assert len(held._persisted) == 2
    with pytest.raises(RequestError):
        held.text(None, persisted("{ a }"), trusted=True)
    assert held.text(None, persisted("{ c }"), trusted=True) == "{ c }"
