"""Check of broad excepts: a handler of every exception stands at a known border, or raises again.

A handler of ``Exception`` hides faults. Work that goes on after a failure uses ``Guarded``, and work whose failure is
its waiters' uses ``HandedTo`` (``domain/kernel/supervision.py``). Cleaning up ends with ``raise``. What is left are the
``BORDERS``, where any exception becomes an answer or a failure of another kind. A new one needs its reason here.
Run as a module it prints each other handler, and fails if there is one.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGES = ("adapters", "api", "cli", "clients/python/src", "domain", "linting", "workers")
# By module and function: the reason.
BORDERS = {
    "adapters/redis/bus.py _Subscriptions.run": "failures of a task group; without this task the process is deaf",
    "adapters/traces/recorder.py _Said.export": "a thread of the tracing library; a collector disturbs nothing",
    "adapters/venues/crypto/connection.py ExchangeConnection.asking": "whatever ccxt raises, nobody answered",
    "adapters/venues/crypto/connection.py ExchangeConnection.call": "one place reads the failures of ccxt",
    "adapters/venues/crypto/venue.py ExchangeVenue._answer": "an unreadable answer is none",
    "api/graphql/execution.py OperationExecutor.complete_value": "the core executes again, and reports",
    "api/graphql/execution.py OperationExecutor.execute_fields": "the core executes again, and reports",
    "api/graphql/runner.py OperationRunner._answer": "the answer to an operation: masked and logged",
    "api/graphql/variables.py Variables.read": "the core coerces again, and reports",
    "api/realtime/groups.py PayloadExecutor.payload": "the payload of an event: masked and logged",
    "api/transport/cookies.py CookieSessions._answer": "the answer to a request: masked and logged",
    "api/transport/event_stream.py EventStream._serve": "the answer to an operation: masked and logged",
    "api/transport/http.py GraphQLOverHttp.__call__": "the answer to a request: masked and logged",
    "api/transport/files/transfers.py answered": "the answer to a request: masked and logged",
    "api/transport/websocket.py SocketSession.run": "the end of a socket: masked and logged",
    "api/transport/websocket.py SocketSession._serve": "the answer to an operation: masked and logged",
    "domain/orders/entry/finding.py _answer": "the failure belongs to one of the calls",
    "domain/orders/entry/group_commit.py GroupCommit._outcomes": "the failure belongs to one of the calls",
}
_ROOT = Path(__file__).parents[1]
_BROAD = frozenset({"Exception", "BaseException", "ExceptionGroup", "BaseExceptionGroup"})


def broad_excepts(source: str) -> Iterator[tuple[int, str]]:
    """Line and qualified function name of each place of a module that keeps every exception to itself."""
    yield from _found(ast.parse(source), ())


def _found(node: ast.AST, names: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ExceptHandler) and _is_broad(child.type) and not _raises_again(child):
            yield child.lineno, ".".join(names)
        if isinstance(child, ast.Call) and _name(child.func) == "suppress" and any(map(_is_broad, child.args)):
            yield child.lineno, ".".join(names)
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _found(child, (*names, child.name))
        else:
            yield from _found(child, names)


def _is_broad(caught: ast.expr | None) -> bool:
    if isinstance(caught, ast.Tuple):
        return any(_is_broad(part) for part in caught.elts)
    return caught is None or _name(caught) in _BROAD


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def main() -> int:
    """Print the findings in all packages, and stale borders; the exit code is 1 if there are any."""
    found = {
        f"{path.relative_to(_ROOT)} {function}": line
        for package in PACKAGES
        for path in sorted((_ROOT / package).rglob("*.py"))
        for line, function in broad_excepts(path.read_text(encoding="utf-8"))
    }
    problems = [
        f"{place}, line {line}, catches everything: narrow it, or use domain/kernel/supervision.py"
        for place, line in found.items()
        if place not in BORDERS
    ]
    problems += [f"{place} does not catch everything: not a border" for place in BORDERS if place not in found]
    print(*problems, sep="\n", end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
