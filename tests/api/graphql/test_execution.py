"""The executor answers what the core's own answers, keeps nothing per event, and reads plain rows straight."""

import asyncio
import gc
import tracemalloc
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
import strawberry
from graphql import ExecutionResult, execute, parse
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from api.context import Context, Info
from api.graphql.execution import OperationExecutor, build_executor
from api.graphql.field_flags import SAME_FOR_ALL
from api.graphql.plans import Plans
from api.scalars import JSON, SCALARS
from domain.kernel.time import Nanos

# The contexts that straight resolvers were called with.
called_with: list[Any] = []


class DatabaseUUID(UUID):
    """A subclass of UUID, like the UUIDs of asyncpg."""


@strawberry.enum
class Colour(Enum):
    RED = "red"
    GREEN = "green"


class OtherColour(Enum):
    RED = "red"


@strawberry.interface
class Named:
    name: str


@strawberry.type
class Person(Named):
    age: int | None


@strawberry.type
class Robot(Named):
    serial: strawberry.ID


@strawberry.type
class Leaf:
    text: str
    maybe: str | None
    number: int
    ratio: float
    exact: Decimal
    at: datetime
    nanos: Nanos
    day: date
    flag: bool
    colour: Colour
    colours: list[Colour]
    id: strawberry.ID
    json: JSON


@strawberry.type
class Branch:
    title: str
    leaf: Leaf
    optional: Leaf | None
    leaves: list[Leaf]
    sparse: list[Leaf | None] | None
    later: "Branch | None" = None

    @strawberry.field
    def shout(self, times: int = 1) -> str:
        return self.title.upper() * times

    @strawberry.field
    async def slow(self) -> str:
        await asyncio.sleep(0)
        return f"slow {self.title}"

    @strawberry.field
    async def broken(self) -> str:
        raise ValueError(f"broken {self.title}")

    @strawberry.field
    def maybe_broken(self) -> str | None:
        raise ValueError("maybe broken")

    @strawberry.field
    async def slow_leaf(self) -> Leaf | None:
        return self.leaf

    @strawberry.field(metadata=SAME_FOR_ALL)
    def straight_leaf(self, branch: strawberry.Parent[Any], info: Info) -> Leaf:
        called_with.append(info.context)
        return branch.leaf

    @strawberry.field(metadata=SAME_FOR_ALL)
    def straight_path(self, info: Info) -> str:
        return ".".join(str(step) for step in info.path.as_list())

    @strawberry.field(metadata=SAME_FOR_ALL)
    def straight_broken(self) -> str | None:
        raise ValueError(f"broken {self.title}")


def leaf(**changes: Any) -> Leaf:
    values: dict[str, Any] = {
        "text": "text",
        "maybe": None,
        "number": 7,
        "ratio": 0.5,
        "exact": Decimal("1E+3"),
        "at": datetime(2026, 1, 31, 9, 30, tzinfo=UTC),
        "nanos": Nanos(1_700_000_000_123_456_789),
        "day": date(2026, 1, 31),
        "flag": True,
        "colour": Colour.RED,
        "colours": [Colour.GREEN, Colour.RED],
        "id": UUID(int=5),
        "json": {"a": [1, None]},
    }
    return Leaf(**{**values, **changes})


def branch(title: str = "oak", **changes: Any) -> Branch:
    values: dict[str, Any] = {
        "leaf": leaf(),
        "optional": None,
        "leaves": [leaf(), leaf(maybe="x")],
        "sparse": [leaf(), None],
    }
    return Branch(title=title, **{**values, **changes})


# Branches whose values are not what the schema says.
ILL: dict[str, Any] = {
    "null text": branch(leaf=leaf(text=None)),
    "null in list": branch(leaves=[leaf(), None]),
    "null deep in list": branch(sparse=[leaf(number=None), leaf()]),
    "wrong scalar": branch(leaf=leaf(number="seven")),
    "large int": branch(leaf=leaf(number=2**40)),
    "smallest int": branch(leaf=leaf(number=-(2**31))),
    "bool as int": branch(leaf=leaf(number=True)),
    "int as float": branch(leaf=leaf(ratio=3)),
    "nan": branch(leaf=leaf(ratio=float("nan"))),
    "infinite decimal": branch(leaf=leaf(exact=Decimal("Infinity"))),
    "naive time": branch(leaf=leaf(at=datetime(2026, 1, 1))),  # noqa: DTZ001
    "foreign enum": branch(leaf=leaf(colour=OtherColour.RED)),
    "int as id": branch(leaf=leaf(id=5)),
    "id from the database": branch(leaf=leaf(id=DatabaseUUID(int=5))),
    "not a list": branch(leaves=5),
    "tuple": branch(leaves=(leaf(),)),
    "generator": branch(leaves=[]),
    "exception as value": branch(leaf=ValueError("a value")),
    "exception in json": branch(leaf=leaf(json=ValueError("no json"))),
    "no such attribute": branch(leaf=object()),
}


@strawberry.type
class Query:
    @strawberry.field
    def branch(self) -> Branch:
        return branch(later=branch("elm", optional=leaf()))

    @strawberry.field
    def branches(self, count: int = 3) -> list[Branch]:
        return [branch(f"tree {index}") for index in range(count)]

    @strawberry.field
    async def slow_branches(self) -> list[Branch | None]:
        return [branch("a"), None, branch("b", leaf=leaf(text=None))]

    @strawberry.field
    def ill(self, how: str) -> Branch | None:
        value = ILL[how]
        if how == "generator":
            value = branch(leaves=(leaf() for _ in range(2)))
        return value

    @strawberry.field
    def named(self) -> list[Named]:
        return [Person(name="Ada", age=36), Robot(name="R2", serial=strawberry.ID("d2"))]

    @strawberry.field
    def plain_list(self) -> list[list[int]]:
        return [[1, 2], [3]]

    @strawberry.field
    def nothing(self) -> Leaf | None:
        return None


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def first(self) -> Branch:
        return branch("first")

    @strawberry.mutation
    def second(self) -> str:
        return "second"


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self) -> AsyncIterator[Branch]:
        yield branch()


SCHEMA = strawberry.Schema(Query, Mutation, Subscription, config=StrawberryConfig(scalar_map=SCALARS))
CORE = SCHEMA._schema
ALL = "text maybe number ratio exact at nanos day flag colour colours id json"
DOCUMENTS = [
    f"{{ branch {{ title leaf {{ {ALL} }} optional {{ text }} leaves {{ {ALL} }} sparse {{ id }} }} }}",
    "{ branch { __typename leaf { __typename t: text u: text } } __typename }",
    "{ branch { shout slow leaf { text } broken: maybeBroken } }",
    "{ branch { later { title shout(times: 2) slow optional { exact } later { title } } } }",
    "{ branches(count: 2) { title slow broken } }",
    "{ branches { title slowLeaf { text colour } } }",
    "{ branches { maybeBroken leaf { text } } }",
    "{ slowBranches { title leaf { text } } }",
    "{ slowBranches { title slow leaf { text } } }",
    "{ named { name __typename ... on Person { age } ...robot } } fragment robot on Robot { serial }",
    "{ plainList nothing { text } }",
    "query ($yes: Boolean = true) { branch { title @skip(if: $yes) leaf @include(if: $yes) { text } } }",
    "{ branch { ...a ...b } } fragment a on Branch { leaf { text } } fragment b on Branch { leaf { id } }",
    "{ branches { title straightLeaf { text id } } }",
    "{ branches { straightLeaf { text } straightPath straightBroken } }",
    "{ branch { title straightPath later { straightBroken straightLeaf { number } slow } } }",
    "mutation { first { title slow leaf { text } } second }",
    "mutation { first { broken } second }",
    f"{{ branch {{ title }} other: branches(count: 1) {{ leaf {{ {ALL} }} }} }}",
]
DOCUMENTS += [
    f'{{ ill(how: "{how}") {{ title leaf {{ {ALL} }} leaves {{ text }} sparse {{ number text }} }} }}' for how in ILL
]
DOCUMENTS += [f'{{ ill(how: "{how}") {{ shout sparse {{ number }} leaf {{ number ratio }} }} }}' for how in ILL]


def context() -> Context:
    return Context(services=None)  # type: ignore[arg-type]  # no resolver here asks for any


async def stock(text: str, root: Any = None) -> ExecutionResult:
    result = execute(
        CORE, parse(text), root, context_value=context(), executor_class=StrawberryGraphQLCoreExecutionContext
    )
    return result if isinstance(result, ExecutionResult) else await result


async def ours(text: str, plans: Plans | None) -> ExecutionResult:
    executor = build_executor(CORE, parse(text), None, {}, context(), plans)
    assert isinstance(executor, OperationExecutor)
    result: Any = executor.execute_operation()
    return result if isinstance(result, ExecutionResult) else await result


def shown(result: ExecutionResult) -> tuple[str, list[str]]:
    """Data with its order, and errors; those of siblings arrive in any order."""
    return repr(result.data), sorted(repr(error.formatted) for error in result.errors or [])


@pytest.mark.parametrize("text", DOCUMENTS)
async def test_the_executor_answers_as_graphql_core(text: str) -> None:
    expected = shown(await stock(text))
    assert shown(await ours(text, None)) == expected


@pytest.mark.parametrize("text", [text for text in DOCUMENTS if "$" not in text])
async def test_shared_plans_give_the_same_answer_again(text: str) -> None:
    expected = shown(await stock(text))
    document, plans = parse(text), Plans()
    for _ in range(3):
        executor = build_executor(CORE, document, None, {}, context(), plans)
        assert isinstance(executor, OperationExecutor)
        result: Any = executor.execute_operation()
        assert shown(result if isinstance(result, ExecutionResult) else await result) == expected


async def test_shared_plans_stop_growing_after_the_first_execution() -> None:
    text = f"{{ branches {{ title slow leaf {{ {ALL} }} later {{ leaves {{ text }} slow }} }} }}"
    document, plans = parse(text), Plans()

    def sizes() -> tuple[int, int, int]:
        return len(plans.collected), len(plans.fields), len(plans.values)

    async def run() -> None:
        executor = build_executor(CORE, document, None, {}, context(), plans)
        assert isinstance(executor, OperationExecutor)
        result: Any = executor.execute_operation()
        await result

    await run()
    before = sizes()
    for _ in range(5):
        await run()
    assert sizes() == before


@pytest.mark.parametrize("share", [True, False])
def test_an_event_leaves_no_memory_behind(share: bool) -> None:
    document = parse("subscription { ticks { title shout leaf { text } leaves { id } later { shout } } }")
    executor = build_executor(CORE, document, None, {}, context(), Plans() if share else None)
    assert isinstance(executor, OperationExecutor)
    event = branch(later=branch())

    def run(times: int) -> None:
        for _ in range(times):
            result: Any = executor.for_event(event, context()).execute_operation(False)
            assert result.data["ticks"]["shout"] == "OAK"

    tracemalloc.start()
    try:
        run(50)
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        run(500)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 500 * 200, f"{grown} bytes are held after 500 events"


async def test_an_event_has_its_own_context_and_errors() -> None:
    executor = build_executor(CORE, parse("subscription { ticks { title broken } }"), None, {}, context(), Plans())
    assert isinstance(executor, OperationExecutor)
    first, second = context(), context()
    one, two = executor.for_event(branch(), first), executor.for_event(branch("ash"), second)
    assert (one.context_value, two.context_value) == (first, second)
    results: Any = await asyncio.gather(one.execute_operation(False), two.execute_operation(False))  # type: ignore[arg-type]
    assert [[error.message for error in result.errors] for result in results] == [["broken oak"], ["broken ash"]]


async def test_synchronous_resolvers_are_called_directly_with_the_context_of_the_caller() -> None:
    document, plans = parse("{ branches(count: 2) { straightLeaf { text } } }"), Plans()
    for _ in range(2):
        asking = context()
        executor = build_executor(CORE, document, None, {}, asking, plans)
        assert isinstance(executor, OperationExecutor)
        called_with.clear()
        result = executor.execute_operation()
        assert isinstance(result, ExecutionResult)
        assert result.data == {"branches": [{"straightLeaf": {"text": "text"}}] * 2}
        # Once each: what can be read straight is not done again by the core.
        assert called_with == [asking, asking]


def test_invalid_variables_are_returned_as_errors() -> None:
    document = parse("query ($n: Int!) { branches(count: $n) { title } }")
    errors = build_executor(CORE, document, None, {"n": "many"}, context(), None)
    assert isinstance(errors, list)
    assert [error.message for error in errors] == [
        "Variable '$n' has invalid value: Int cannot represent non-integer value: 'many'"
    ]
