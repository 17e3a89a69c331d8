"""The glossary names every public type, package and word of the domain. Its rule is on the page (docs/glossary.md)."""

import ast
import re
from pathlib import Path

import pytest
from graphql import GraphQLInputObjectType, build_schema

ROOT = Path(__file__).parents[2]
PACKAGES = ("adapters", "api", "cli", "domain", "linting", "workers")
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`([\w/.]+)`", GLOSSARY))
WORDS = {word.lower() for word in re.findall(r"[A-Za-z]+", GLOSSARY)}
# Forms of the API around the types that have a row, and what the language itself has.
_FORM = re.compile(r"(Connection|Edge|Payload)$|^(Query|Mutation|Subscription|__.*|String|Int|Float|Boolean|ID)$")


def schema_types() -> list[str]:
    types = build_schema((ROOT / "schema.graphql").read_text(encoding="utf-8")).type_map.items()
    return [name for name, kind in types if not isinstance(kind, GraphQLInputObjectType) and not _FORM.search(name)]


def packages() -> list[str]:
    found = [path.parent for package in PACKAGES for path in (ROOT / package).rglob("__init__.py")]
    return sorted(path.relative_to(ROOT).as_posix() for path in found)


def vocabulary() -> list[str]:
    """The public classes of the types modules."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "domain").rglob("types.py")]
    classes = {node.name for tree in trees for node in tree.body if isinstance(node, ast.ClassDef)}
    return sorted(name for name in classes if not name.startswith("_"))


def module_words() -> list[str]:
    modules = {path.stem for path in (ROOT / "domain").rglob("*.py")} - {"__init__"}
    return sorted({word for module in modules for word in module.split("_")})


def has_word(word: str) -> bool:
    """True if the page has the word, in the singular or the plural."""
    return bool({word, f"{word}s", word.removesuffix("s"), word.removesuffix("es")} & WORDS)


@pytest.mark.parametrize("names", [schema_types, packages, vocabulary])
def test_every_public_name_has_an_entry(names: object) -> None:
    assert callable(names)
    assert [name for name in names() if name not in NAMED] == [], "add a row to docs/glossary.md"


def test_every_module_word_has_an_entry() -> None:
    assert [word for word in module_words() if not has_word(word)] == [], "add a row to docs/glossary.md"


def test_every_entry_has_a_chinese_term() -> None:
    rows = [
        line
        for line in GLOSSARY.splitlines()
        if line.startswith("| ") and not line.startswith(("| Term", "| ---", "| Package"))
    ]
    assert len(rows) > 200
    assert [row for row in rows if not re.search("[\u4e00-\u9fff]", row.split("|")[2])] == []


def test_every_name_on_the_page_exists() -> None:
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    classes = set(
        re.findall(r"^class (\w+)", "\n".join(path.read_text(encoding="utf-8") for path in files), re.MULTILINE)
    )
    known = classes | set(build_schema((ROOT / "schema.graphql").read_text(encoding="utf-8")).type_map)
    assert sorted(name for name in NAMED if re.fullmatch(r"([A-Z][a-z]+){2,}", name) and name not in known) == []
