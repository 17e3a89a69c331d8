"""Refusals among an operation's errors, with their targets: for the audit log."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from graphql import FieldNode, GraphQLFormattedError
from graphql.utilities import value_from_ast_untyped

from domain.kernel.errors import ErrorCode

_CODES: Final = frozenset({ErrorCode.FORBIDDEN.value, ErrorCode.NOT_FOUND.value})
_MOST: Final = 10
# What an argument names, the most telling first; an `id` names what its operation is about.
_NAMED: Final = (
    ("accountId", "account"),
    ("userId", "user"),
    ("ownerId", "user"),
    ("orderId", "order"),
    ("symbol", "instrument"),
    ("name", "name"),
)
# By a part of the operation's name, the longer parts first.
_ABOUT: Final = {
    "AnomalyCase": "anomalyCase",
    "AnomalyDismissal": "anomalyDismissal",
    "Anomaly": "anomaly",
    "NotificationChannel": "notificationChannel",
    "Order": "order",
    "Execution": "execution",
    "Transaction": "transaction",
    "ApiKey": "apiKey",
    "RiskRule": "riskRule",
    "RiskEvent": "riskEvent",
    "Trading": "tradingHalt",
    "User": "user",
    "Session": "session",
    "Account": "account",
}
# Of `node` and `nodes`, which find objects of any kind.
_ANYTHING: Final = "node"
_BY_ID: Final = frozenset({"id", "ids"})


@dataclass(frozen=True, slots=True)
class OperationRefusal:
    """One refusal: the root field, the target (``kind:identifier``), and the error's code and field."""

    action: str
    target: str | None
    code: str
    field: str | None


def refusals_in(
    root_fields: Iterable[FieldNode], variables: Mapping[str, Any] | None, errors: Iterable[GraphQLFormattedError]
) -> Iterator[OperationRefusal]:
    """The refusals among the errors of an operation, at most ten."""
    roots = {(each.alias or each.name).value: each for each in root_fields}
    first = next(iter(roots.values()), None)
    told = [error for error in errors if error.get("extensions", {}).get("code") in _CODES]
    for error in told[:_MOST]:
        path = error.get("path") or []
        root = roots.get(str(path[0])) if path else first
        extensions = error["extensions"]
        if root is None:
            continue
        name = root.name.value
        target = _target(name, _named(_arguments(root, variables), extensions))
        yield OperationRefusal(name, target, extensions["code"], extensions.get("field"))


def looks_up(root_fields: Iterable[FieldNode]) -> bool:
    """True if one of the fields finds objects by their ids."""
    return any(argument.name.value in _BY_ID for root in root_fields for argument in root.arguments or ())


def missing_in(
    root_fields: Iterable[FieldNode], variables: Mapping[str, Any] | None, content: Mapping[str, Any]
) -> Iterator[OperationRefusal]:
    """The ids, at most ten, that a query asked for and that name nothing that its caller may see."""
    failed = {str(error["path"][0]) for error in content.get("errors", ()) if error.get("path")}
    yield from islice(_missing(root_fields, variables, content["data"], failed), _MOST)


def _missing(
    root_fields: Iterable[FieldNode], variables: Mapping[str, Any] | None, data: Mapping[str, Any], failed: set[str]
) -> Iterator[OperationRefusal]:
    for root in root_fields:
        name, key = root.name.value, (root.alias or root.name).value
        if key in failed or not looks_up([root]):
            continue
        given, value = _arguments(root, variables), data.get(key)
        if isinstance(given.get("ids"), list) and isinstance(value, list):
            asked = zip(given["ids"], value, strict=False)
            missing = [each for each, found in asked if found is None]
        else:
            missing = [given.get("id")] if value is None else []
        for each in missing:
            if isinstance(each, str):
                code = ErrorCode.NOT_FOUND.value
                yield OperationRefusal(name, f"{_kind_of(name)}:{each}", code, "id")


def _kind_of(name: str) -> str:
    """The kind of object that an operation is about."""
    capital = name[:1].upper() + name[1:]
    return next((kind for part, kind in _ABOUT.items() if part in capital), _ANYTHING)


def _arguments(root: FieldNode, variables: Mapping[str, Any] | None) -> dict[str, Any]:
    """All given arguments, with the fields of the input object."""
    given: dict[str, Any] = {}
    for argument in root.arguments or ():
        value = value_from_ast_untyped(argument.value, dict(variables or {}))
        given |= value if isinstance(value, dict) else {argument.name.value: value}
    return given


def _named(given: dict[str, Any], extensions: Mapping[str, Any]) -> dict[str, Any]:
    """The given arguments, those of the faulty part first: in a batch the order at its index."""
    index = extensions.get("index")
    # Of an input object the fields are given, not the argument.
    path = [step for step in str(extensions.get("field") or "").split(".") if step in given]
    parts: list[dict[str, Any]] = []
    for name, value in given.items():
        if isinstance(value, list) and value:
            chosen = index if isinstance(index, int) and 0 <= index < len(value) else 0
            value = value[chosen]  # noqa: PLW2901  the one that is meant
        if isinstance(value, str) and isinstance(given[name], list):
            # One of `accountIds` is an `accountId`.
            parts.append({name.removesuffix("s"): value})
        elif isinstance(value, dict):
            parts.insert(0 if [name] == path[:1] else len(parts), value)
    return {name: value for part in (*reversed(parts), given) for name, value in part.items()}


def _target(name: str, given: Mapping[str, Any]) -> str | None:
    if isinstance(given.get("id"), str):
        return f"{_kind_of(name)}:{given['id']}"
    for argument, kind in _NAMED:
        if isinstance(given.get(argument), str):
            return f"{kind}:{given[argument]}"
    return None
