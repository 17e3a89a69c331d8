"""Check of docstrings: none begins with a noun clause, which describes a thing instead of naming it.

``How it is sent`` or ``Whether it is open`` make a reader guess the subject; ``The protocol`` and
``True if it is open`` say it. Run as a module it prints each docstring to change, and fails if there is one.
"""

import ast
import re
import sys
from pathlib import Path

PACKAGES = ("adapters", "api", "bench", "cli", "clients/python/src", "domain", "linting", "tests/support", "workers")
_ROOT = Path(__file__).parents[1]
_NOUN_CLAUSE = re.compile(r"(What|How|Whether|Why|When|That|Who|Whom|Whose|Which|Where|Whatever|Whoever|Wherever)\b")


def noun_clauses(source: str) -> list[tuple[int, str]]:
    """Line and text of each docstring of a module that begins with a question word."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        docstring = ast.get_docstring(node)
        if docstring and _NOUN_CLAUSE.match(docstring):
            found.append((node.body[0].lineno, docstring.splitlines()[0]))
    return found


def main() -> int:
    """Print the findings in all packages; the exit code is 1 if there are any."""
    problems = [
        f"{path.relative_to(_ROOT)}:{line}: say what it is, subject first, instead of: {text}"
        for package in PACKAGES
        for path in sorted((_ROOT / package).rglob("*.py"))
        if "generated" not in path.parts
        for line, text in noun_clauses(path.read_text(encoding="utf-8"))
    ]
    print(*problems, sep="\n", end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
