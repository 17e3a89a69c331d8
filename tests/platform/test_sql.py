"""The line between ORM and SQL: models in stores, SQL in queries modules with its reason (docs/adr/0045)."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_SQL = re.compile(
    r"(\s|--.*\n)*(SELECT|INSERT INTO|UPDATE \w+( AS \w+)? SET|DELETE FROM|WITH (RECURSIVE )?\w+ AS|CREATE|DROP|ALTER|"
    r"LOCK|TRUNCATE|VACUUM|ANALYZE|SET LOCAL|LISTEN|NOTIFY|GRANT|REVOKE|MERGE INTO|COPY|EXPLAIN|VALUES)\s|"
    # In small letters only what cannot begin a sentence.
    r"\s*(select\s.*\sfrom|insert\s+into|update\s+\w+\s+set|delete\s+from|with\s+\w+\s+as\s*\()\s",
    re.DOTALL,
)
# What is no business of an area: the server itself, connections, and the shape of statements.
ELSEWHERE = {
    "adapters/database/connection.py": "a lock of the connection that migrates",
    "adapters/embedded/postgres.py": "makes roles and databases of a private server",
    "adapters/health.py": "asks the server and its schema over a connection of its own",
    "adapters/database/leases.py": "locks and sessions of connections outside any pool",
    "adapters/series/influx.py": "asks a store outside for a database, in its own language",
    "cli/checks.py": "looks at a database that may have no table yet",
    "domain/access/models.py": "triggers, which are part of the table",
    "domain/kernel/database.py": "asks whether the server answers",
    "domain/kernel/rows.py": "puts statements together",
}


def statements(source: str) -> Iterator[str]:
    """The text constants of a module, docstrings apart, that begin like a statement."""
    tree = ast.parse(source)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
        if is_text and _SQL.match(f"{node.value} "):
            yield node.value


def modules(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def is_queries(path: Path) -> bool:
    return path.name == "queries.py" or path.name.endswith("_queries.py")


def test_only_queries_modules_contain_sql() -> None:
    found = {
        str(path.relative_to(ROOT))
        for path in modules("adapters", "api", "cli", "domain", "workers")
        if not is_queries(path) and list(statements(path.read_text(encoding="utf-8")))
    }
    assert found == set(ELSEWHERE)


@pytest.mark.parametrize(
    "path", [path for path in modules("domain") if is_queries(path)], ids=lambda path: str(path.relative_to(ROOT))
)
def test_each_queries_module_gives_its_reason_for_sql(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    assert re.search(r"^SQL: \S", docstring, re.MULTILINE), "a line 'SQL: <reason>' in the docstring"


def test_models_are_used_in_stores_and_nowhere_else() -> None:
    users = {
        str(path.relative_to(ROOT))
        for path in modules("adapters", "api", "cli", "domain", "workers")
        if re.search(
            r"^from domain[\w.]*\.models import|^from domain[\w.]* import .*\bmodels\b|^import domain[\w.]*\.models",
            path.read_text(encoding="utf-8"),
            re.MULTILINE,
        )
    }
    assert {name for name in users if not re.search(r"(^|[/_])(store|models)\.py$", name)} == set()
    assert len(users) > 15


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('X = "SELECT 1"', 1),
        ('X = f"DELETE FROM {table}"', 1),
        ('X = """\nWITH old AS (SELECT 1) SELECT 2"""', 1),
        ('X = "SELECT\\n 1"', 1),
        ('X = "-- Why.\\nSELECT 1"', 1),
        ('X = "select id from accounts"', 1),
        ('X = "update accounts set cash = 0"', 1),
        ('X = "select what you like"', 0),
        ('def f():\n    "SELECT what is read."', 0),
        ('X = "Select an account."', 0),
        ('X = "UPDATE what you like"', 0),
    ],
)
def test_statements_and_sentences_are_told_apart(source: str, found: int) -> None:
    assert len(list(statements(source))) == found
