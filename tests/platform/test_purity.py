"""The contract "purity" finds what pure modules must not do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from linting.purity import clock_calls

ROOT = Path(__file__).parents[2]
_CONFIGURATION = """
[tool.importlinter]
root_packages = ["planted"]
include_external_packages = true
contract_types = ["purity: linting.purity.PurityContract"]

[[tool.importlinter.contracts]]
name = "Purity"
type = "purity"
packages = ["planted"]
forbidden_modules = ["asyncio", "planted.database"]
forbidden_directly = ["random"]
"""


def lint(folder: Path, modules: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "pyproject.toml").write_text(_CONFIGURATION + "\n".join(options))
    files = {"__init__.py": "", "database.py": '"""Rows."""\n', "service.py": "import planted.database\n"} | modules
    for name, text in files.items():
        path = folder / "planted" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-logo", "--no-cache"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{folder}", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_pure_modules_pass(tmp_path: Path) -> None:
    result = lint(tmp_path, {"decisions.py": '"""Decides, pure."""\nimport decimal\n'})
    assert (result.returncode, "1 kept" in result.stdout) == (0, True), result.stdout


def test_an_ignored_import_is_allowed_to_its_module_alone(tmp_path: Path) -> None:
    ignored = 'ignore_imports = ["planted.a -> asyncio"]'
    result = lint(tmp_path, {"a.py": '"""Pure."""\nimport asyncio\n', "b.py": '"""Pure."""\nimport asyncio\n'}, ignored)
    assert result.returncode == 1, result.stdout
    assert "planted.b -> asyncio" in result.stdout
    assert "planted.a -> asyncio" not in result.stdout


@pytest.mark.parametrize(
    ("modules", "told"),
    [
        ({"a.py": '"""Decides, pure."""\nfrom planted import database\n'}, "planted.a -> planted.database"),
        ({"a.py": '"""Pure."""\nfrom planted import service\n'}, "planted.a -> planted.service -> planted.database"),
        ({"a.py": '"""Pure."""\nimport asyncio\n'}, "planted.a -> asyncio"),
        ({"a.py": '"""Pure."""\nimport random\n'}, "planted.a -> random"),
        ({"rules.py": '"""Decides."""\nimport asyncio\n'}, "planted.rules -> asyncio"),
        ({"b/__init__.py": '"""All of it is pure."""\n', "b/c.py": "import asyncio\n"}, "planted.b.c -> asyncio"),
        (
            {"a.py": '"""Pure."""\nfrom datetime import UTC, datetime\nNOW = datetime.now(UTC)\n'},
            "planted.a:3 calls now(): time is an argument",
        ),
    ],
)
def test_a_planted_impure_import_is_found(tmp_path: Path, modules: dict[str, str], told: str) -> None:
    result = lint(tmp_path, modules)
    assert result.returncode == 1, result.stdout
    assert told in result.stdout


def test_clock_calls_are_found_and_clock_types_are_allowed() -> None:
    source = (
        "from domain.kernel.time import Nanos, utc_now\n\ndef later(now):\n    return now + 1\n\nutc_now()\nNanos.now()"
    )
    assert list(clock_calls(source)) == [(6, "utc_now"), (7, "now")]
