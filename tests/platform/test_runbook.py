"""Every command, setting, file and target that docs/operations.md names is there, and works as it is written."""

import argparse
import os
import re
import shlex
from pathlib import Path

import asyncpg
import pytest

from adapters.settings import OPTION_PREFIX, Settings, load_settings
from adapters.venues.registry import configure
from adapters.wiring import GATEWAYS
from cli.main import COMMANDS, _parser
from tests.support.processes import ROOT, run

PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
BLOCKS = [line.strip() for line in re.findall(r"^    (\S.*)$", PAGE, re.MULTILINE)]
INLINE = re.findall(r"`([^`\n]+)`", PAGE)
# A command that is written without what it is told.
_WITHOUT_ARGUMENTS = {"user", "database", "backup", "restore"}
_VARIABLES = {each.metadata["name"] for each in Settings.__dataclass_fields__.values()}


def _commands() -> list[list[str]]:
    found = []
    for text in (*BLOCKS, *INLINE):
        words = text.removeprefix(".venv/bin/")
        if words.startswith("tradegraph ") and "─" not in words:
            found.append(shlex.split(re.split(r" [<>] ", words)[0])[1:])
    return found


@pytest.mark.parametrize("command", _commands(), ids=" ".join)
def test_a_command_can_be_given_as_it_is_written(command: list[str]) -> None:
    if command == ["--version"]:
        return
    assert command[0] in COMMANDS
    if len(command) > 1 or command[0] not in _WITHOUT_ARGUMENTS:
        parsed, _ = _parser(command)
        assert isinstance(parsed.parse_args(command), argparse.Namespace)


def test_there_are_such_commands() -> None:
    assert {"backup", "restore", "proof", "migrate", "prepare", "web", "engine", "worker"} <= {
        command[0] for command in _commands()
    }


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`make ([a-z-]+)", PAGE))))
def test_a_target_is_in_the_makefile(target: str) -> None:
    assert f"\n{target}:" in (ROOT / "Makefile").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:deploy|tests|docs)/[\w./-]+)`", PAGE))))
def test_a_file_is_there(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize(
    "line", sorted({t for t in (*BLOCKS, *INLINE) if re.match(r"(TRADEGRAPH_|DATABASE_|REDIS_)\w+=", t)})
)
def test_a_setting_is_taken_as_it_is_written(line: str) -> None:
    name, _, value = line.partition("=")
    value = value.strip('"').replace("...", "something")
    is_option = name.startswith(OPTION_PREFIX)
    venue = name.removeprefix(OPTION_PREFIX).rpartition("_")[0] if is_option else value.partition("=")[0].upper()
    given = {"TRADEGRAPH_VENUES": f"{venue.lower()}=ccxt:binance"} if is_option else {}
    if is_option or name == "TRADEGRAPH_VENUES":
        given |= {f"{OPTION_PREFIX}{venue}_{option}": "something" for option in ("KEY", "SECRET")}
    settings = load_settings(given | {name: value})
    configure(settings.venues, GATEWAYS)


def test_every_variable_that_is_named_is_a_setting() -> None:
    named = set(re.findall(r"`((?:TRADEGRAPH_)[A-Z_]+)`", PAGE))
    venue = {name for name in named if name.startswith(OPTION_PREFIX)}
    assert named - venue <= _VARIABLES
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", PAGE, re.MULTILINE)) >= _VARIABLES


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+\.md)(?:#[^)]*)?\)", PAGE):
        assert (ROOT / "docs" / target).exists(), target


async def test_the_role_that_can_do_less_is_made_as_it_is_written(database_url: str) -> None:
    (block,) = re.findall(r"```sql\n(-- least privilege.*?)```", PAGE, re.DOTALL)
    connection = await asyncpg.connect(database_url)
    try:
        role = f"app_{os.getpid()}"
        transaction = connection.transaction()
        await transaction.start()
        try:
            await connection.execute(block.replace("tradegraph_app", role))
        finally:
            await transaction.rollback()
    except asyncpg.InsufficientPrivilegeError:
        # The role of the tests is no superuser: that it can be read is all that can be seen.
        pass
    finally:
        await connection.close()


def test_the_extra_is_one() -> None:
    assert "pip install '.[ccxt]'" in PAGE
    assert "\nccxt = [" in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_backup_and_restore_as_they_are_written(
    database_url: str, empty_database_url: str, redis_url: str, tmp_path: Path
) -> None:
    environment = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "TRADEGRAPH_DATA_DIR": str(tmp_path / "data")}
    written = [
        line.replace("/var/backups", str(tmp_path))
        for line in BLOCKS
        if re.search(r"tradegraph (backup|restore)", line)
    ]
    assert len(written) == 2
    for line, url in zip(written, (database_url, empty_database_url), strict=True):
        done = run(shlex.split(line)[1:], environment | {"DATABASE_URL": url})
        assert (done.returncode, done.stderr) == (0, "")
