"""Variables are read as the core reads them; whatever is unusual is left to it."""

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
import strawberry
from graphql import OperationDefinitionNode, parse
from graphql.execution.values import VariableValues, get_variable_values

from api.graphql.variables import Variables
from api.schema import build_schema


@strawberry.enum
class Colour(Enum):
    RED = "red"
    GREEN = "green"


@strawberry.input
class Leaf:
    number: int
    exact: Decimal | None = None
    colour: Colour = Colour.RED
    flag: bool = False
    tags: list[str] | None = None
    label: str | None = strawberry.UNSET


@strawberry.input
class Branch:
    id: strawberry.ID
    leaves: list[Leaf]
    best_leaf: Leaf | None = None
    twig: "Branch | None" = None


@strawberry.type
class TreeQuery:
    @strawberry.field
    def plant(self, branch: Branch | None = None, count: int = 1, ratio: float | None = None) -> str:
        return f"{branch} {count} {ratio}"


SCHEMA = build_schema([TreeQuery])
TEXT = "query ($branch: Branch!, $count: Int, $ratio: Float) { plant(branch: $branch, count: $count, ratio: $ratio) }"


@dataclass
class Read:
    straight: VariableValues | None
    core: list[Any] | VariableValues


def read(text: str = TEXT, **given: Any) -> Read:
    node = parse(text).definitions[0]
    assert isinstance(node, OperationDefinitionNode)
    definitions = node.variable_definitions or ()
    return Read(Variables(SCHEMA, node).read(given), get_variable_values(SCHEMA, definitions, given))


def branch(**leaf: Any) -> dict[str, Any]:
    return {"id": "b", "leaves": [{"number": 1, **leaf}]}


@pytest.mark.parametrize(
    "given",
    [
        {"branch": branch()},
        {"branch": {"id": "b", "leaves": []}},
        {"branch": branch(exact="1.50", colour="GREEN", flag=True, tags=["a"], label="x")},
        {"branch": branch(exact=None, tags=None, label=None)},
        {"branch": {**branch(), "bestLeaf": {"number": -5}}, "count": 3},
        {"branch": {**branch(), "bestLeaf": None}, "count": None, "ratio": 0.5},
        {"branch": branch(exact=7), "ratio": 2, "unknown": "left out"},
    ],
)
def test_common_variables_are_read_without_graphql_core(given: dict[str, Any]) -> None:
    found = read(**given)
    assert found.straight is not None
    assert isinstance(found.core, VariableValues)
    assert found.straight.coerced == found.core.coerced
    assert _given(found.straight) == _given(found.core)


def _given(values: VariableValues) -> dict[str, tuple[str, Any]]:
    return {name: (str(source.signature.type), source.value) for name, source in values.sources.items()}


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"branch": None},
        {"branch": []},
        {"branch": "b"},
        {"branch": {"id": "b"}},
        {"branch": {"leaves": []}},
        {"branch": {"id": None, "leaves": []}},
        {"branch": {"id": "b", "leaves": None}},
        {"branch": {"id": "b", "leaves": [None]}},
        {"branch": {"id": "b", "leaves": [], "surplus": 1}},
        {"branch": branch(exact="NaN")},
        {"branch": branch(exact=True)},
        {"branch": branch(colour="BLUE")},
        {"branch": branch(colour=["RED"])},
        {"branch": branch(colour=None)},
        {"branch": branch(flag=1)},
        {"branch": branch(flag=None)},
        {"branch": branch(tags=[1])},
        {"branch": {"id": "b", "leaves": [{"number": 2**31}]}},
        {"branch": {"id": "b", "leaves": [{"number": True}]}},
        {"branch": {"id": "b", "leaves": [{}]}},
        {"branch": branch(), "count": "3"},
        {"branch": branch(), "ratio": "1"},
    ],
)
def test_invalid_variables_are_left_to_graphql_core(given: dict[str, Any]) -> None:
    found = read(**given)
    assert found.straight is None
    assert isinstance(found.core, list)


@pytest.mark.parametrize(
    "given",
    [
        {"branch": {"id": 7, "leaves": []}},
        {"branch": {"id": "b", "leaves": {"number": 1}}},
        {"branch": branch(tags="one")},
        {"branch": {"id": "b", "leaves": [{"number": 1.0}]}},
        {"branch": {**branch(), "twig": branch()}},
    ],
)
def test_unusual_variables_are_left_to_graphql_core(given: dict[str, Any]) -> None:
    found = read(**given)
    assert found.straight is None
    assert isinstance(found.core, VariableValues)


def test_defaults_of_the_operation_are_left_to_graphql_core() -> None:
    found = read("query ($count: Int = 2) { plant(count: $count) }", count=5)
    assert found.straight is None
    assert isinstance(found.core, VariableValues)


def test_input_objects_are_complete_and_new_for_each_request() -> None:
    first, second = (read(branch=branch()).straight for _ in range(2))
    assert first is not None
    assert second is not None
    made = first.coerced["branch"]
    assert made == Branch(id=strawberry.ID("b"), leaves=[Leaf(number=1)])
    assert made.leaves[0].label is strawberry.UNSET
    assert made is not second.coerced["branch"]
