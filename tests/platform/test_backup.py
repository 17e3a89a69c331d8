"""Backups of a live system, their proof, and every backup and schema of another version that is refused."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from adapters.database.backups import DUMP, MANIFEST, write_manifest
from cli.backup import _dump
from cli.checks import known_migrations
from domain.accounts.types import GENESIS_HASH
from tests.support.databases import DatabaseFactory
from tests.support.desk import signed_in
from tests.support.installation import Installation, installation
from tests.support.load import load
from tests.support.old_rows import insert, migrate_to
from tests.support.processes import ROOT, clean_environment, run
from tests.support.web import Web, web_process

FUTURE = "9999_future"


@pytest.fixture
def environment(database_url: str, redis_url: str, tmp_path: Path) -> dict[str, str]:
    return {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "TRADEGRAPH_DATA_DIR": str(tmp_path / "data")}


async def _rows(url: str, sql: str) -> list[Any]:
    connection = await asyncpg.connect(url)
    try:
        return [row[0] for row in await connection.fetch(sql)]
    finally:
        await connection.close()


@pytest.fixture
def trading(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[Installation]:
    with installation(database_url, redis_url, tmp_path / "data") as whole:
        whole.start(whole.web(), whole.engine())
        yield whole


async def test_a_live_system_is_backed_up_restored_and_proved(
    trading: Installation, empty_database_url: str, tmp_path: Path
) -> None:
    backup = tmp_path / "backup"
    async with signed_in(trading.processes[0].address) as desk, load(desk) as running:
        before = {order for trader in running.traders for order in trader.accepted.values()}
        done = await asyncio.to_thread(run, ["backup", str(backup)], trading.environment)
        assert (done.returncode, done.stderr) == (0, "")
        await running.go_on()
    after = {order for trader in running.traders for order in trader.accepted.values()}
    assert backup.stat().st_mode & 0o777 == 0o700
    assert (backup / DUMP).stat().st_mode & 0o777 == 0o600
    restored = run(["restore", str(backup)], trading.environment | {"DATABASE_URL": empty_database_url})
    assert (restored.returncode, restored.stderr) == (0, "")
    assert restored.stdout.splitlines()[0] == f"{len(running.traders)} accounts proved, 0 disagreements"
    orders = {str(order) for order in await _rows(empty_database_url, "SELECT id FROM orders")}
    assert before <= orders
    assert not after <= orders


def _set(folder: Path, **values: Any) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps(manifest | values))


def _cut(folder: Path) -> None:
    content = (folder / DUMP).read_bytes()
    (folder / DUMP).write_bytes(content[: len(content) // 2])


REFUSALS: dict[str, tuple[Callable[[Path], object], str]] = {
    "newer": (
        lambda folder: _set(folder, migrations=[*known_migrations(), FUTURE], release="9.9.9"),
        (
            "BACKUP_OF_ANOTHER_VERSION: it is of release 9.9.9, which has 1 migrations that this release does not know "
            f"(the last is {FUTURE}): restore with that release or a newer one"
        ),
    ),
    "older": (
        lambda folder: _set(folder, migrations=known_migrations()[:-2], release="0.0.9"),
        (
            "BACKUP_OF_ANOTHER_VERSION: it is of release 0.0.9, which lacks 2 migrations of this release: restore with "
            "that release, or give --upgrade to apply them after restoring"
        ),
    ),
    "newer server": (
        lambda folder: _set(folder, postgres_major=99),
        "BACKUP_OF_ANOTHER_VERSION: it is of PostgreSQL 99, and the server here is 18: restore into one that is as new",
    ),
    "another format": (
        lambda folder: _set(folder, format=2),
        "BACKUP_OF_ANOTHER_VERSION: {folder} has a format that this release does not know",
    ),
    "cut off": (_cut, "BACKUP_DAMAGED: {folder}/database.dump was changed or cut off after it was written"),
    "no dump": (
        lambda folder: (folder / DUMP).unlink(),
        "BACKUP_DAMAGED: {folder}/database.dump cannot be read: No such file or directory",
    ),
    "no manifest": (
        lambda folder: (folder / MANIFEST).unlink(),
        "NO_BACKUP: {folder} is no backup: manifest.json cannot be read (No such file or directory)",
    ),
    "no JSON": (
        lambda folder: (folder / MANIFEST).write_text("{"),
        "BACKUP_DAMAGED: {folder}/manifest.json is no JSON",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
async def test_an_invalid_backup_is_refused_and_changes_nothing(
    name: str, environment: dict[str, str], empty_database_url: str, tmp_path: Path
) -> None:
    spoil, reason = REFUSALS[name]
    folder = tmp_path / "backup"
    assert run(["backup", str(folder)], environment).returncode == 0
    spoil(folder)
    refused = run(["restore", str(folder)], environment | {"DATABASE_URL": empty_database_url})
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == f"tradegraph: {reason.format(folder=folder)}\n"
    assert await _rows(empty_database_url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [0]


async def test_a_backup_of_an_older_release_is_upgraded_after_restoring(
    environment: dict[str, str], databases: DatabaseFactory, empty_database_url: str, tmp_path: Path
) -> None:
    """Its rows are there as the migrations leave them, its books are proved, and the platform starts on it."""
    folder, upgraded = tmp_path / "backup", environment | {"DATABASE_URL": empty_database_url}
    with databases.empty() as old:
        await migrate_to(old, "0039_second_factor")
        connection = await asyncpg.connect(old)
        try:
            owner = await insert(connection, "users", role="TRADER", active=True, email="old@example.org")
            account = {"owner_id": owner, "kind": "CASH", "position_mode": "NETTING", "state": "ACTIVE"}
            account |= {"transaction_hash": GENESIS_HASH}
            kept = await insert(connection, "accounts", **account, name="old", currency="USD", venue="paper")
        finally:
            await connection.close()
        # As the release of that time wrote it: this one backs up no database that lacks migrations.
        folder.mkdir()
        write_manifest(folder, await asyncio.to_thread(_dump, old, folder))
    refused = run(["restore", str(folder)], upgraded)
    assert "--upgrade to apply them after restoring" in refused.stderr
    restored = run(["restore", str(folder), "--upgrade"], upgraded)
    assert (restored.returncode, restored.stderr) == (0, "")
    assert restored.stdout.splitlines()[0] == "1 accounts proved, 0 disagreements"
    assert await _rows(empty_database_url, "SELECT id FROM accounts") == [kept]
    assert await _rows(empty_database_url, "SELECT name FROM tortoise_migrations ORDER BY name") == known_migrations()
    assert (await asyncio.to_thread(run, ["proof"], upgraded)).returncode == 0


async def test_a_backup_never_overwrites_a_file(environment: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    assert run(["backup", str(folder)], environment).returncode == 0
    again = run(["backup", str(folder)], environment)
    assert (again.returncode, again.stderr) == (
        1,
        f"tradegraph: {folder} exists already: a backup never overwrites another\n",
    )
    full = run(["restore", str(folder)], environment)
    assert full.stderr == ("tradegraph: the database is not empty: restore into a new data folder or a new database\n")
    nowhere = run(["backup", "/proc/none/backup"], environment)
    assert (nowhere.returncode, nowhere.stdout) == (1, "")
    assert nowhere.stderr.startswith("tradegraph: the backup cannot be written: ")


async def test_concurrent_migrations_run_once(environment: dict[str, str], empty_database_url: str) -> None:
    given = clean_environment(environment | {"DATABASE_URL": empty_database_url})
    command = [sys.executable, "-m", "cli", "migrate"]
    several = [
        subprocess.Popen(command, cwd=ROOT, env=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    said = [process.communicate(timeout=120) for process in several]
    assert said == [("the schema is up to date\n", "")] * 3
    applied = await _rows(empty_database_url, "SELECT name FROM tortoise_migrations ORDER BY name")
    assert applied == known_migrations()


@pytest.fixture
def old_web(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[Web]:
    with web_process(database_url, redis_url, tmp_path / "data") as web:
        yield web


async def test_an_old_release_continues_beside_a_new_one_and_cannot_start_after_it(
    environment: dict[str, str], old_web: Web, tmp_path: Path
) -> None:
    url, web = environment["DATABASE_URL"], old_web
    # What the next release does to the schema: it adds, and takes away only what the release before does not use.
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("ALTER TABLE users ADD COLUMN nickname text")
        await connection.execute(
            "INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('tradegraph', $1, now())", FUTURE
        )
    finally:
        await connection.close()
    assert web.ask("{ viewer { email } }", web.sign_in()) == {"viewer": {"email": web.email}}
    assert httpx.get(f"{web.address}/readyz?exclude=engine", trust_env=False).status_code == 200
    for command in (["web"], ["engine"], ["worker"], ["migrate"], ["prepare"], ["backup", str(tmp_path / "b")]):
        refused = run(command, environment)
        assert (refused.returncode, refused.stdout) == (1, ""), command
        assert "is of a newer release: it has 1 migrations that release " in refused.stderr
    assert await _rows(url, "SELECT name FROM tortoise_migrations ORDER BY name") == [*known_migrations(), FUTURE]
