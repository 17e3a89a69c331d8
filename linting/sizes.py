"""Check of sizes: modules have fewer than 400 lines (tests 600), functions at most 60, resolvers at most ten.

A resolver is translation: more than ten lines below its docstring are a decision that belongs to the domain. Run as a
module it prints what is larger, and fails if anything is.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

PRODUCT = ("adapters", "api", "bench", "cli", "clients/python/src", "domain", "examples", "linting", "workers")
MAX_LINES, MAX_TEST_LINES, MAX_FUNCTION, MAX_RESOLVER = 399, 599, 60, 10
_ROOT = Path(__file__).parents[1]
_ROOT_FIELDS = frozenset({"field", "mutation", "subscription"})
Function = ast.FunctionDef | ast.AsyncFunctionDef


def oversizes(path: str, source: str) -> Iterator[tuple[int, str]]:
    """Line and text of each thing in a module that is too large."""
    is_test = path.startswith("tests/")
    lines, most = source.count("\n"), MAX_TEST_LINES if is_test else MAX_LINES
    if lines > most:
        yield 1, f"{lines} lines, where {most} are the most: split it by meaning"
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, Function) or is_test:
            continue
        size = _span(node)
        if size > MAX_FUNCTION:
            yield node.lineno, f"{node.name} has {size} lines, where {MAX_FUNCTION} are the most"
        body = _span(*_body(node)) if path.startswith("api/") and _is_resolver(node) else 0
        if body > MAX_RESOLVER:
            yield node.lineno, f"the resolver {node.name} has {body} lines, where {MAX_RESOLVER} are the most"


def _span(*nodes: ast.stmt) -> int:
    return (nodes[-1].end_lineno or 0) - nodes[0].lineno + 1


def _body(node: Function) -> list[ast.stmt]:
    return node.body[1:] if ast.get_docstring(node) is not None and len(node.body) > 1 else node.body


def _is_resolver(node: Function) -> bool:
    made = [decorator.func if isinstance(decorator, ast.Call) else decorator for decorator in node.decorator_list]
    return any(isinstance(part, ast.Attribute) and part.attr in _ROOT_FIELDS for part in made)


def main() -> int:
    """Print the findings in all packages; the exit code is 1 if there are any."""
    problems = [
        f"{path.relative_to(_ROOT)}:{line}: {problem}"
        for package in (*PRODUCT, "tests")
        for path in sorted((_ROOT / package).rglob("*.py"))
        if "generated" not in path.parts
        for line, problem in oversizes(str(path.relative_to(_ROOT)), path.read_text(encoding="utf-8"))
    ]
    print(*problems, sep="\n", end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
