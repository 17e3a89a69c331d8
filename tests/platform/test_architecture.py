"""Sentences of docs/architecture.md that can be checked are true."""

import ast
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from domain.kernel.database import pool
from domain.orders.deciding.business_checks import CHECKS
from domain.orders.model.commands import PlaceOrder
from domain.orders.model.types import OrderType, Side, TimeInForce
from linting.purity import pure_modules
from tests.orders.factories import SPOT
from tests.support.trading import platform
from workers.engine import ROLES

ROOT = Path(__file__).parents[2]
DOCS = sorted((ROOT / "docs").rglob("*.md"))
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
_PATH = re.compile(
    r"`((?:adapters|api|bench|cli|clients|domain|examples|linting|migrations|tests|web|workers)/[\w./]*)`"
)
_WORDS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}


def _layers(name: str) -> list[str]:
    (contract,) = [row for row in CONTRACTS if row["name"] == name]
    layers: list[str] = contract["layers"]
    return layers


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_every_path_on_a_page_exists(page: Path) -> None:
    named = _PATH.findall(page.read_text(encoding="utf-8"))
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_architecture_page_names_paths() -> None:
    assert len(_PATH.findall(PAGE)) >= 15


def test_the_ranks_of_areas_are_those_of_the_page() -> None:
    ranks = re.search(r"import downward only: ([a-z< ]+)", PAGE)
    assert ranks is not None
    layers = _layers("Areas of the domain import downward only")
    assert ranks[1].strip().split(" < ") == [layer.removeprefix("domain.") for layer in reversed(layers)]
    folders = {path.name for path in (ROOT / "domain").iterdir() if (path / "__init__.py").exists()}
    assert folders == {layer.removeprefix("domain.") for layer in layers}


def test_the_packages_of_orders_are_those_of_the_page() -> None:
    paragraph = PAGE[PAGE.index("In `domain/orders`") :].partition("\n\n")[0]
    named = re.findall(r"`(\w+)` \(", paragraph)
    folders = {path.name for path in (ROOT / "domain" / "orders").iterdir() if (path / "__init__.py").exists()}
    assert set(named) == folders
    rank = {
        package.strip(): place
        for place, layer in enumerate(reversed(_layers("Packages of the order area import downward only")))
        for package in layer.split("|")
    }
    assert named == sorted(named, key=rank.__getitem__)


def test_no_package_of_orders_has_more_than_a_dozen_modules() -> None:
    for folder in (path for path in (ROOT / "domain" / "orders").rglob("*") if (path / "__init__.py").exists()):
        assert len([path for path in folder.glob("*.py") if path.name != "__init__.py"]) <= 12, folder


def test_every_top_folder_with_code_is_on_the_page() -> None:
    layout = set(re.findall(r"^\| `(\w+)/", PAGE[PAGE.index("## Layout") :], re.MULTILINE))
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and list(path.glob("*.py"))}
    assert folders - {"tests"} <= layout


@pytest.mark.parametrize("root", ["Query", "Mutation", "Subscription"])
def test_every_area_keeps_its_root_fields_in_the_file_of_that_name(root: str) -> None:
    file = {"Query": "queries.py", "Mutation": "mutations.py", "Subscription": "subscriptions.py"}[root]
    # What is a subject of its own within an area says so before: ``case_queries.py``.
    parts = re.compile(rf"^class \w+{root}:", re.MULTILINE)
    found = {path.name for path in (ROOT / "api").rglob("*.py") if parts.search(path.read_text(encoding="utf-8"))}
    assert {name for name in found if name != file and not name.endswith(f"_{file}")} == set()
    assert file in found


def test_what_the_page_calls_pure_is_pure() -> None:
    named = re.findall(r"`([\w./]+)`, pure\)|pure half\s\(`([\w./]+)`", PAGE)
    modules = ["".join(found).removesuffix(".py").replace("/", ".") for found in named]
    assert {"domain.orders.exchange", "domain.orders.books.booking", "domain.orders.venues.session"} == set(modules)
    assert pure_modules(modules) == sorted(modules)


def test_the_decisions_that_the_page_names_are_there() -> None:
    named = set(re.findall(r"\b00\d\d\b", PAGE))
    assert named
    assert [number for number in named if not list((ROOT / "docs" / "adr").glob(f"{number}-*.md"))] == []


def test_the_roles_of_the_engine_are_those_of_the_picture() -> None:
    found = re.search(r"engine\[engine: ([\w, ]+)\]", PAGE)
    assert found is not None
    assert found[1].split(", ") == list(ROLES)


def test_the_checks_before_a_trade_are_those_of_the_page_in_their_order() -> None:
    found = re.search(r"It checks, in this order: ([^.]+)\.", PAGE)
    assert found is not None
    named = [check.strip() for check in re.sub(r"\s+", " ", found[1]).split(",")]
    assert named == [check.__name__.strip("_").replace("_", " ") for check in CHECKS] + ["funds", "risk rules"]


def test_the_paper_exchange_and_the_emulation_use_the_same_trigger_book() -> None:
    for module in ("exchange/exchange.py", "venues/emulation/emulation_book.py"):
        source = (ROOT / "domain" / "orders" / module).read_text(encoding="utf-8")
        assert re.search(r"= TriggerBook\(|\(TriggerBook\):", source), module


def test_the_wiring_alone_puts_the_adapters_of_redis_together() -> None:
    folder = ROOT / "adapters" / "redis"
    sources = "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    classes = "|".join(re.findall(r"^class ([A-Z]\w+)", sources, re.MULTILINE))
    made = re.compile(rf"^(?!class ).*(?<![\w.])({classes})\(", re.MULTILINE)
    makers = {
        str(path.relative_to(ROOT))
        for package in ("adapters", "api", "cli", "domain", "workers")
        for path in (ROOT / package).rglob("*.py")
        if folder not in path.parents and made.search(path.read_text(encoding="utf-8"))
    }
    assert makers == {"adapters/wiring.py"}


def test_each_check_of_the_project_is_on_the_page() -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith("| `linting/`"))
    checks = [path.stem for path in (ROOT / "linting").glob("*.py") if path.stem != "__init__"]
    assert [name for name in checks if name.removesuffix("s").replace("_", " ") not in row] == []


def test_each_example_is_run_by_a_test() -> None:
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "clients").glob("test_*.py"))
    examples = [path.stem for path in (ROOT / "examples").iterdir() if path.suffix in (".py", ".ipynb")]
    assert len(examples) > 3
    assert [name for name in examples if name not in tests] == []


def _runtime_imports(tree: ast.Module) -> set[str]:
    return {node.module for node in tree.body if isinstance(node, ast.ImportFrom) and node.module is not None}


def _type_imports(tree: ast.Module) -> set[str]:
    guarded = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    found = [part for block in guarded for part in ast.walk(block) if isinstance(part, ast.ImportFrom)]
    return {part.module for part in found if part.module is not None}


def test_the_only_circles_of_imports_are_those_of_lazy_types_in_the_schema() -> None:
    (contract,) = [row for row in CONTRACTS if row["type"] == "acyclic_siblings"]
    assert contract["ignore_imports"]
    for line in contract["ignore_imports"]:
        importer, _, imported = line.partition(" -> ")
        source = (ROOT / f"{importer.replace('.', '/')}.py").read_text(encoding="utf-8")
        tree = ast.parse(source)
        assert imported in _type_imports(tree) - _runtime_imports(tree), line
        assert f'strawberry.lazy("{imported}")' in source, line


def _number(pattern: str) -> int:
    found = re.search(pattern, PAGE)
    assert found is not None, pattern
    return _WORDS[found[1]]


async def test_placing_orders_takes_the_number_of_statements_on_the_page(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    promised = _number(r"for the venue: (\w+) statement")
    statements: list[str] = []

    def note(record: Any) -> None:
        if not re.match(r"(BEGIN|COMMIT)\b", record.query):
            statements.append(record.query)

    async with platform(database_url, redis_url, tmp_path, venue=False) as whole:
        await whole.add_instrument(SPOT)
        await whole.quote("COIN", "99.99", "100.01")
        owner, account = await whole.open_account("1000000")
        order = PlaceOrder(
            account_id=account.id,
            symbol="COIN",
            side=Side.BUY,
            type=OrderType.MARKET,
            quantity=SPOT.lot_size,
            time_in_force=TimeInForce.GTC,
        )
        await whole.place(owner, order)
        for holder in pool()._holders:
            if holder._con is not None:
                holder._con.add_query_logger(note)
        for size in (1, 50):
            statements.clear()
            await whole.place(owner, *[order] * size)
            assert len(statements) == promised
