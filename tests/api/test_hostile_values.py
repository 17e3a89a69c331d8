"""Every input of every root field, held to values that mean harm: each is answered with a code, none with a failure."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from graphql import (
    GraphQLInputType,
    GraphQLNamedType,
    get_named_type,
    get_nullable_type,
    is_enum_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    is_required_input_field,
)

from api.errors import RequestError
from api.graphql.encoding import encode
from api.graphql.runner import OperationRequest
from api.realtime.send_queue import SendQueue
from api.root import platform_schema
from domain.access.types import Role
from domain.kernel.errors import DomainError
from tests.api.test_rights import UNKNOWN, Desk, desk
from tests.fuzz.documents import Root, roots
from tests.fuzz.recipes import RECIPES

__all__ = ["desk"]

SCHEMA = platform_schema()
Place = tuple[str, ...]
# What no operation gets to see.
UNUSABLE = ("\x00", "a\ud800")
_TEXTS = ("x" * 20_000, "\u0300" * 300, "\uff34\uff25\uff33\uff34", "\U0001f642" * 200, "\U000e0041", "\ufdfa" * 100)
HARM: dict[str, tuple[Any, ...]] = {
    "String": _TEXTS,
    "ID": ("x" * 20_000, "\uff10" * 36, "\u0660" * 32, "urn:uuid:00000000-0000-0000-0000-000000000063"),
    "Cursor": ("x" * 4_000, "9" * 4_000, "\uff11", "MQ", "4" * 20),
    "DateTime": (
        *("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "1678-01-01T00:00:00+23:59"),
        *("2026-01-01T00:00:00.123456789Z", "1678-01-01T00:00:00Z", "2261-12-31T23:59:59.999999999Z"),
        *("2026-12-31T23:59:60Z", "\uff12\uff10\uff12\uff16-01-01T00:00:00Z"),
    ),
    "Date": ("0001-01-01", "9999-12-31", "1678-01-01", "2261-12-31", "\uff12\uff10\uff12\uff16-01-01"),
    "Decimal": (
        10**64,
        "1" * 900_000,
        "-999999999999999999.999999999999999999",
        "0.000000000000000001",
        "\uff11",
        1e-320,
    ),
    "Int": (2**31 - 1, -(2**31), 2**31),
    "Float": (1e308, -1e308, 1e-320),
    "JSON": ({"a": [1] * 10_000}, {"x" * 5_000: 1}),
}
# They end the session that asks, or take the account out of the hands of who asks.
LEFT_OUT = frozenset({"logout", "revokeOtherSessions", "updateUser"})
# Hashing each takes its time, and so does waiting for a venue that is not there.
SLOW = frozenset({("login", "email"), ("login", "password"), ("createUser", "name"), ("createUser", "password")})
FAILURE = "INTERNAL_SERVER_ERROR"


def leaves(type_: GraphQLInputType, place: Place) -> Iterator[tuple[Place, GraphQLNamedType]]:
    """The plain inputs below one argument."""
    named = get_named_type(type_)
    if not is_input_object_type(named):
        yield place, named
        return
    for name, field in named.fields.items():
        yield from leaves(field.type, (*place, name))


def everything() -> Iterator[tuple[Root, Place, GraphQLNamedType]]:
    """Every plain input of every root field."""
    for root in roots(SCHEMA):
        if root.name not in LEFT_OUT:
            for argument, type_ in root.arguments.items():
                for place, named in leaves(type_, (argument,)):
                    yield root, place, named


class Given:
    """Valid variables of a root field, with one value replaced."""

    def __init__(self, desk: Desk) -> None:
        account = desk.accounts[Role.ADMIN, "own"]
        order = desk.orders[account]
        self._known: defaultdict[str, str] = defaultdict(lambda: UNKNOWN)
        self._known |= {"account": account, "idle": account, "order": order, "other_order": order, "totp": "A" * 32}
        self._known |= {"email": "nobody@example.com", "user": str(desk.people[Role.VIEWER])}
        self._plain: dict[str, Any] = {
            "accountId": account,
            "symbol": "TEST",
            "symbols": "TEST",
            "code": "XNYS",
            "currency": "USD",
            "ID": UNKNOWN,
            "String": "abc",
            "Decimal": "1",
            "Int": 1,
            "Float": 0.5,
            "Boolean": False,
            "JSON": {},
            "DateTime": "2026-01-01T00:00:00Z",
            "Date": "2026-01-05",
            "Cursor": "0",
        }

    def variables(self, root: Root, place: Place, value: Any) -> dict[str, Any]:
        """The valid variables with ``value`` at ``place``."""
        if root.kind == "mutation":
            given = dict(RECIPES[root.name](self._known))
        else:
            given = {name: self._meant(name, each) for name, each in root.arguments.items() if is_non_null_type(each)}
        name = place[0]
        return {**given, name: self._put(given.get(name), name, root.arguments[name], place[1:], value)}

    def _meant(self, name: str, type_: GraphQLInputType) -> Any:
        inner = get_nullable_type(type_)
        if is_list_type(inner):
            return [self._meant(name, inner.of_type)]
        if is_input_object_type(inner):
            fields = inner.fields.items()
            return {key: self._meant(key, field.type) for key, field in fields if is_required_input_field(field)}
        if is_enum_type(inner):
            return next(iter(inner.values))
        return self._plain.get(name, self._plain[inner.name])

    def _put(self, before: Any, name: str, type_: GraphQLInputType, rest: Place, value: Any) -> Any:
        inner = get_nullable_type(type_)
        if is_list_type(inner):
            first = before[0] if isinstance(before, list) and before else None
            return [self._put(first, name, inner.of_type, rest, value)]
        if not rest:
            return value
        assert is_input_object_type(inner)
        held = dict(before) if isinstance(before, dict) else self._meant(name, inner)
        key = rest[0]
        return {**held, key: self._put(held.get(key), key, inner.fields[key].type, rest[1:], value)}


async def answered(desk: Desk, caller: Any, root: Root, variables: dict[str, Any]) -> tuple[str, str]:
    """The code that it is answered with and the field that it blames, or OK."""
    try:
        operation = desk.runner.prepare(OperationRequest(root.text, variables=variables), caller)
        if root.kind == "subscription":
            nobody: Any = None
            await desk.hub.subscribe("1", operation, variables, caller, SendQueue(nobody), lambda _: None)
            return "OK", ""
        content = (await desk.runner.answer(operation, variables, caller)).content
        errors = orjson.loads(encode(content)).get("errors")
    except RequestError as error:
        errors = error.errors
    except DomainError as error:
        return error.code.value, str(error.context.get("field", ""))
    if not errors:
        return "OK", ""
    extensions = errors[0]["extensions"]
    return extensions["code"], str(extensions.get("field", ""))


async def test_unusable_characters_are_refused_with_the_path_of_the_input(desk: Desk) -> None:
    caller = await desk.runner.identify(desk.tokens[Role.ADMIN, "session"], "192.0.2.1")
    given, wrong = Given(desk), []
    for root, place, named in everything():
        if named.name not in ("String", "ID", "Cursor", "JSON", "DateTime", "Date", "Decimal"):
            continue
        for value in UNUSABLE:
            code, field = await answered(desk, caller, root, given.variables(root, place, value))
            steps = tuple(step for step in field.split(".") if not step.isdigit())
            if code != "BAD_USER_INPUT" or steps != place:
                wrong.append(f"{root.name} {place} {value!r}: {code} of {field}")
    assert wrong == [], "\n".join(wrong)


@pytest.mark.tampers  # Amounts of money that somebody paid in by accident are money's own affair.
async def test_no_hostile_value_of_any_input_is_an_internal_error(desk: Desk) -> None:
    caller = await desk.runner.identify(desk.tokens[Role.ADMIN, "session"], "192.0.2.1")
    given, wrong = Given(desk), []
    for root, place, named in everything():
        if (root.name, place[-1]) in SLOW:
            continue
        harm = ("NONE_OF_THEM", 5) if is_enum_type(named) else HARM.get(named.name, ())
        for value in harm:
            code, field = await answered(desk, caller, root, given.variables(root, place, value))
            if code == FAILURE or (is_enum_type(named) and code != "BAD_USER_INPUT"):
                wrong.append(f"{root.name} {place} {str(value)[:40]!r}: {code} of {field}")
    assert wrong == [], "\n".join(wrong)
