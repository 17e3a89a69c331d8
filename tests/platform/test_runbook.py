"""Every command, setting, file and target that docs/operations.md names is there, and works as it is written."""

import argparse
import gzip
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from adapters.settings.loading import Settings, load_settings
from adapters.venues.registry import configure
from adapters.venues.venue_settings import OPTION_PREFIX
from adapters.wiring import GATEWAYS
from cli.main import COMMANDS, _parser
from tests.support.processes import ROOT, clean_environment, run

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
def test_each_command_of_the_runbook_is_accepted_as_written(command: list[str]) -> None:
    if command == ["--version"]:
        return
    assert command[0] in COMMANDS
    if len(command) > 1 or command[0] not in _WITHOUT_ARGUMENTS:
        parsed, _ = _parser(command)
        assert isinstance(parsed.parse_args(command), argparse.Namespace)


def test_the_runbook_has_commands() -> None:
    assert {"backup", "restore", "proof", "migrate", "prepare", "web", "engine", "worker"} <= {
        command[0] for command in _commands()
    }


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`make ([a-z-]+)", PAGE))))
def test_each_make_target_of_the_runbook_exists(target: str) -> None:
    assert f"\n{target}:" in (ROOT / "Makefile").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:deploy|tests|docs)/[\w./-]+)`", PAGE))))
def test_each_file_of_the_runbook_exists(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize(
    "line", sorted({t for t in (*BLOCKS, *INLINE) if re.match(r"(TRADEGRAPH_|DATABASE_|REDIS_)\w+=", t)})
)
def test_each_setting_of_the_runbook_is_accepted_as_written(line: str) -> None:
    name, _, value = line.partition("=")
    value = value.strip('"').replace("...", "something")
    is_option = name.startswith(OPTION_PREFIX)
    venue = name.removeprefix(OPTION_PREFIX).rpartition("_")[0] if is_option else value.partition("=")[0].upper()
    given = {"TRADEGRAPH_VENUES": f"{venue.lower()}=ccxt:binance"} if is_option else {}
    if is_option or name == "TRADEGRAPH_VENUES":
        given |= {f"{OPTION_PREFIX}{venue}_{option}": "something" for option in ("KEY", "SECRET")}
    settings = load_settings(given | {name: value})
    configure(settings.venues, GATEWAYS)


def test_every_variable_of_the_runbook_is_a_setting() -> None:
    named = set(re.findall(r"`((?:TRADEGRAPH_)[A-Z_]+)`", PAGE))
    venue = {name for name in named if name.startswith(OPTION_PREFIX)}
    assert named - venue <= _VARIABLES
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", PAGE, re.MULTILINE)) >= _VARIABLES


def test_links_of_the_runbook_lead_to_existing_targets() -> None:
    for target in re.findall(r"\]\(([^)#]+\.md)(?:#[^)]*)?\)", PAGE):
        assert (ROOT / "docs" / target).exists(), target


async def test_the_least_privilege_role_is_created_as_written(database_url: str) -> None:
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


async def test_the_settings_of_a_pooled_role_are_applied_as_written(database_url: str) -> None:
    (block,) = re.findall(r"```sql\n(-- for a role that goes through.*?)```", PAGE, re.DOTALL)
    connection = await asyncpg.connect(database_url)
    try:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(block)
        made = await connection.fetchval(
            "SELECT setconfig FROM pg_db_role_setting WHERE setrole = current_user::regrole"
        )
        await transaction.rollback()
    finally:
        await connection.close()
    assert sorted(made) == ["idle_in_transaction_session_timeout=15s", "jit=off"]


# The test that runs each command, by what it begins with: a file, and what of the command is in it.
RUN_BY = {
    "TRADEGRAPH_": ("tests/platform/test_runbook.py", "test_each_setting_of_the_runbook_is_accepted_as_written"),
    ".venv/bin/pip install '.[": ("tests/platform/test_runbook.py", "test_each_extra_can_be_installed_as_written"),
    ".venv/bin/tradegraph backup": ("tests/platform/test_runbook.py", "test_backup_and_restore_work_as_written"),
    ".venv/bin/tradegraph database shell": (
        "tests/platform/test_runbook.py",
        "test_an_archive_is_read_back_as_written",
    ),
    ".venv/bin/tradegraph restore": ("tests/platform/test_runbook.py", "test_backup_and_restore_work_as_written"),
    "make ": ("tests/platform/test_runbook.py", "test_each_make_target_runs_as_written"),
    "patronictl list": ("tests/ha/cluster.py", '"patronictl"'),
    "pg_basebackup -D": ("tests/deploy/test_recovery.py", '"pg_basebackup"'),
    "recover-to ": ("tests/deploy/test_recovery.py", '"recover-to"'),
    "rolling-restart": ("tests/deploy/proxy.py", '"rolling-restart"'),
    "tradegraph backup": ("tests/platform/test_backup.py", '["backup"'),
    "tradegraph database dump": ("tests/platform/test_command.py", "-m cli database dump"),
    "tradegraph database restore": ("tests/platform/test_command.py", "-m cli database restore"),
    "tradegraph engine": ("tests/support/installation.py", '["engine"'),
    "tradegraph migrate": ("tests/platform/test_backup.py", '"migrate"'),
    "tradegraph prepare": ("tests/platform/test_embedded.py", '"prepare"'),
    "tradegraph proof": ("tests/platform/test_backup.py", '["proof"]'),
    "tradegraph restore": ("tests/platform/test_backup.py", '["restore"'),
    "tradegraph up": ("tests/platform/test_up.py", '"up"'),
    "tradegraph user": ("tests/platform/test_command.py", '"user"'),
    "tradegraph web": ("tests/support/web.py", '["web"]'),
    "tradegraph worker": ("tests/support/installation.py", '["worker"]'),
    "useradd ": ("tests/platform/test_runbook.py", "test_the_system_account_is_created_as_written"),
}
_COMMANDS = re.compile(
    r"(\.venv/bin/)?(tradegraph|pip|python) .+|(make|useradd|pg_basebackup|recover-to|patronictl) .+|rolling-restart"
)


def test_every_command_of_the_runbook_is_run_by_a_test() -> None:
    commands = {text for text in (*BLOCKS, *INLINE) if _COMMANDS.fullmatch(text)}
    unknown = {command for command in commands if not command.startswith(tuple(RUN_BY))}
    assert unknown == set()
    for command in commands:
        path, needle = RUN_BY[max((start for start in RUN_BY if command.startswith(start)), key=len)]
        assert needle in (ROOT / path).read_text(encoding="utf-8"), command


def test_no_block_of_the_runbook_is_run_by_nobody() -> None:
    """What is fenced is SQL that a test here runs as written; what is indented is a command, a setting or a drawing."""
    here = Path(__file__).read_text(encoding="utf-8")
    fenced = re.findall(r"^```(\w*)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    for language, block in fenced:
        assert language == "sql"
        # The tests find a block by how it begins.
        assert f"```sql\\n({block[:17]}" in here, block
    outside = re.sub(r"^```.*?^```", "", PAGE, flags=re.DOTALL | re.MULTILINE)
    lines = [line.strip() for line in re.findall(r"^    (\S.*)$", outside, re.MULTILINE)]
    known = [line for line in lines if _COMMANDS.fullmatch(line) or line.startswith("TRADEGRAPH_") or "─▶" in line]
    assert lines == known


@pytest.mark.parametrize("extra", sorted(set(re.findall(r"pip install '\.\[(\w+)\]'", PAGE))))
def test_each_extra_can_be_installed_as_written(extra: str) -> None:
    """As it is written, but for its own dependencies, which are asked for at a registry."""
    command = [sys.executable, "-m", "pip", "install", f".[{extra}]", "--dry-run", "--no-deps", "--no-build-isolation"]
    done = subprocess.run(
        [*command, "--no-index", "--disable-pip-version-check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "does not provide the extra" not in done.stdout + done.stderr
    assert f"\n{extra} = [" in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", sorted({text for text in INLINE if text.startswith("make ")}))
def test_each_make_target_runs_as_written(command: str) -> None:
    done = subprocess.run([*shlex.split(command), "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_system_account_is_created_as_written(tmp_path: Path) -> None:
    """In a system's files of the test's own."""
    (command,) = [block for block in BLOCKS if block.startswith("useradd ")]
    program = shutil.which("useradd", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None or os.geteuid() != 0:
        pytest.skip("useradd is there for root alone")
    (tmp_path / "etc").mkdir()
    for name in ("passwd", "shadow", "group", "gshadow"):
        (tmp_path / "etc" / name).touch()
    subprocess.run([program, "--prefix", str(tmp_path), *shlex.split(command)[1:]], check=True, capture_output=True)
    (line,) = (tmp_path / "etc" / "passwd").read_text().splitlines()
    assert line.startswith("tradegraph:x:")
    assert line.endswith(":/usr/sbin/nologin")


async def test_an_archive_is_read_back_as_written(database_url: str, redis_url: str, tmp_path: Path) -> None:
    """By the statements that the runbook gives, in the shell that it names."""
    (block,) = re.findall(r"```sql\n(CREATE TABLE old_events.*?)```", PAGE, re.DOTALL)
    header = "account_id,sequence,kind,at,order_id,payload\n"
    with gzip.open(tmp_path / "account_events_2019_05.csv.gz", "wt", encoding="utf-8") as file:
        file.write(header + f"{uuid4()},1,CASH_MOVED,2019-05-06 07:08:00+00,,{{}}\n")
    command = [sys.executable, "-m", "cli", "database", "shell"]
    given = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "TRADEGRAPH_DATA_DIR": str(tmp_path / "data")}
    environment = clean_environment(given) | {"PYTHONPATH": str(ROOT)}
    text = f"{block}SELECT kind || ' ' || at FROM old_events;\n"
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, input=text, capture_output=True, text=True, check=True, timeout=120
    )
    assert "CASH_MOVED 2019-05-06" in done.stdout, done.stderr


def test_backup_and_restore_work_as_written(
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
