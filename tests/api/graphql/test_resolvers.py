"""Resolvers get what they ask for, under Python's names; what is not covered is refused when the schema is built."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
import strawberry
from graphql import ExecutionResult, execute, parse, subscribe
from strawberry.extensions import FieldExtension

from api.graphql.resolvers import bind_resolvers
from api.schema import build_schema


@strawberry.input
class Wanted:
    first_name: str
    last_name: str | None
    nick_name: str | None = "none"
    friends: list["Wanted"] | None = None


@strawberry.type
class Person:
    name: str

    @strawberry.field
    def greeting(self, given_word: str = "Hello") -> str:
        return f"{given_word} {self.name}"

    @strawberry.field
    def parents_name(self, person: strawberry.Parent[Any], info: strawberry.Info) -> str:
        return f"{info.field_name} of {person.name}"


@strawberry.type
class Query:
    @strawberry.field
    def person(self, wanted: Annotated[Wanted, strawberry.argument(name="filter")]) -> Person:
        return Person(name=repr(wanted))

    @strawberry.field
    async def later(self, info: strawberry.Info, since_day: int | None = None) -> str:
        return f"{info.context} {since_day}"


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def people(self, up_to: int, wanted: Wanted | None = None) -> AsyncIterator[Person]:
        for number in range(up_to):
            yield Person(name=f"{number} {wanted.first_name if wanted else ''}")


SCHEMA = build_schema([Query], (), [Subscription])


def ask(text: str, **variables: Any) -> Any:
    result = execute(SCHEMA, parse(text), variable_values=variables, context_value="ctx")
    assert isinstance(result, ExecutionResult)
    assert result.errors is None
    return result.data


def test_input_objects_are_built_from_literals_and_variables_alike() -> None:
    wanted = Wanted(first_name="A", last_name=None, friends=[Wanted(first_name="B", last_name="C", nick_name=None)])
    literal = '{firstName: "A", friends: [{firstName: "B", lastName: "C", nickName: null}]}'
    assert ask(f"{{ person(filter: {literal}) {{ name }} }}")["person"]["name"] == repr(wanted)
    given = {"firstName": "A", "friends": [{"firstName": "B", "lastName": "C", "nickName": None}]}
    asked = ask("query ($f: Wanted!) { person(filter: $f) { name } }", f=given)
    assert asked["person"]["name"] == repr(wanted)
    mixed = "query ($n: String!, $f: [Wanted!]) { person(filter: {firstName: $n, friends: $f}) { name } }"
    assert ask(mixed, n="A", f=given["friends"])["person"]["name"] == repr(wanted)


def test_resolvers_get_parent_info_and_defaults() -> None:
    text = '{ person(filter: {firstName: "A"}) { greeting other: greeting(givenWord: "Bye") parentsName } }'
    name = repr(Wanted(first_name="A", last_name=None))
    assert ask(text)["person"] == {
        "greeting": f"Hello {name}",
        "other": f"Bye {name}",
        "parentsName": f"parentsName of {name}",
    }


async def test_asynchronous_resolvers_are_awaited() -> None:
    result = execute(SCHEMA, parse("{ later(sinceDay: 3) }"), context_value="ctx")
    assert not isinstance(result, ExecutionResult)
    assert (await result).data == {"later": "ctx 3"}  # type: ignore[misc]


async def test_subscriptions_get_their_arguments() -> None:
    text = 'subscription { people(upTo: 2, wanted: {firstName: "A"}) { name } }'
    source: Any = subscribe(SCHEMA, parse(text))
    source = source if hasattr(source, "__aiter__") else await source
    assert [event.data async for event in source] == [{"people": {"name": "0 A"}}, {"people": {"name": "1 A"}}]


def test_an_unsupported_resolver_is_refused_when_the_schema_is_built() -> None:
    class Loud(FieldExtension):
        def resolve(self, next_: Any, source: Any, info: Any, **kwargs: Any) -> Any:
            return next_(source, info, **kwargs)

    @strawberry.type
    class Extended:
        @strawberry.field(extensions=[Loud()])
        def shout(self) -> str:
            return "a"

    @strawberry.type
    class Perhaps:
        @strawberry.field
        def maybe(self, what: strawberry.Maybe[str]) -> str:
            return "a"

    @strawberry.type
    class Shared:
        @strawberry.field
        def shared(self, names: list[str] = ["a"]) -> str:  # noqa: B006  what is to be refused
            return "a"

    for part, words in ((Extended, "extensions"), (Perhaps, "Maybe"), (Shared, "default that could be changed")):
        with pytest.raises(TypeError, match=words):
            build_schema([part])


def test_binding_twice_changes_nothing() -> None:
    bind_resolvers(SCHEMA)
    assert ask('{ person(filter: {firstName: "A"}) { greeting } }')["person"]["greeting"].startswith("Hello ")
