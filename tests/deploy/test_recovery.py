"""Recovery to the moment before a mistake: a base backup, the archived log, and the scripts of deploy/postgresql."""

import asyncio
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from adapters.database.connection import migrate
from tests.ha.cluster import ACCOUNT, BINARIES
from tests.support.ports import free_port
from tests.support.processes import ROOT, kill_tree, run
from tests.support.servers import roomy_folder
from tests.support.web import Web, web_process

FILES = ROOT / "deploy" / "postgresql"
OPEN = 'mutation { openAccount(input: {name: "A", currency: "USD", kind: CASH}) { id } }'
PAY = "mutation Pay($input: CashInput!) { deposit(input: $input) { sequence } }"

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can run it as another account"),
    pytest.mark.skipif(not (BINARIES / "postgres").exists(), reason="postgresql-15 is not installed here"),
]


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="tradegraph-recovery-", dir=roomy_folder()) as made:
        path = Path(made)
        path.chmod(0o755)
        (path / "wal").mkdir()
        for name in ("archive-wal", "recover-to"):
            shutil.copy(FILES / name, path / name)
        _give(path)
        yield path


def _give(path: Path) -> None:
    for each in (path, *path.rglob("*")):
        shutil.chown(each, ACCOUNT, ACCOUNT)


def _as_postgres(*command: str | Path) -> None:
    done = subprocess.run(command, cwd="/", user=ACCOUNT, group=ACCOUNT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def _server(data: Path, port: int) -> Iterator[str]:
    """PostgreSQL on a folder; its address once it takes changes."""
    arguments = ["-D", data, "-p", str(port), "-k", data, "-c", "listen_addresses=127.0.0.1"]
    with (data.parent / f"{data.name}.log").open("ab") as log:
        process = subprocess.Popen(
            [BINARIES / "postgres", *arguments], cwd="/", user=ACCOUNT, group=ACCOUNT, stdout=log, stderr=log
        )
    url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
    try:
        deadline = time.monotonic() + 90
        while True:
            try:
                if _value(url, "SELECT pg_is_in_recovery()") is False:
                    break
            except (OSError, asyncpg.PostgresError):
                pass
            assert time.monotonic() < deadline, (data.parent / f"{data.name}.log").read_text()
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            kill_tree(process.pid)
            process.wait()


def _value(url: str, sql: str) -> Any:
    async def ask() -> Any:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return asyncio.run(ask())


def _pay(web: Web, token: str, account: str, reference: str) -> None:
    web.ask(PAY, token, input={"accountId": account, "amount": "100", "reference": reference})


def test_recovery_restores_the_second_before_a_mistake(folder: Path, redis_url: str, tmp_path: Path) -> None:
    data, base = folder / "data", folder / "base"
    _as_postgres(BINARIES / "initdb", "-D", data, "--encoding=UTF8", "--auth=trust", "--no-sync")
    text = (FILES / "archive.conf").read_text(encoding="utf-8")
    text = text.replace("/etc/tradegraph/archive-wal", str(folder / "archive-wal"))
    text = text.replace("/var/backups/tradegraph/wal", str(folder / "wal"))
    with (data / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write(text)
    port = free_port()
    with _server(data, port) as url:
        asyncio.run(migrate(url))
        with web_process(url, redis_url, tmp_path / "data") as web:
            token = web.sign_in()
            account = web.ask(OPEN, token)["openAccount"]["id"]
            _pay(web, token, account, "before the backup")
            # Its checkpoint is at once: spread over minutes it would only spare a server that others use.
            whom = ("-h", "127.0.0.1", "-p", str(port), "-U", "postgres")
            _as_postgres(BINARIES / "pg_basebackup", *whom, "-D", base, "--checkpoint=fast")
            _pay(web, token, account, "after the backup")
            moment = str(_value(url, "SELECT clock_timestamp()"))
            # Somebody takes the triggers off and empties the ledger.
            _value(url, "ALTER TABLE account_transactions DISABLE TRIGGER ALL")
            _value(url, "WITH gone AS (DELETE FROM account_transactions RETURNING 1) SELECT count(*) FROM gone")
        environment = {"DATABASE_URL": url, "REDIS_URL": redis_url, "TRADEGRAPH_DATA_DIR": str(tmp_path / "data")}
        assert run(["proof", "--quiet"], environment).returncode == 1
        _value(url, "SELECT pg_switch_wal()")
        done = "SELECT last_archived_wal >= pg_walfile_name(pg_current_wal_lsn() - 1) FROM pg_stat_archiver"
        deadline = time.monotonic() + 60
        while not _value(url, done):
            assert time.monotonic() < deadline
            time.sleep(0.1)
    _as_postgres(folder / "recover-to", base, folder / "wal", moment)
    with _server(base, free_port()) as url:
        environment = {"DATABASE_URL": url, "REDIS_URL": redis_url, "TRADEGRAPH_DATA_DIR": str(tmp_path / "data")}
        proved = run(["proof", "--quiet"], environment)
        assert (proved.returncode, proved.stderr) == (0, "")
        assert proved.stdout == "1 accounts proved, 0 disagreements\n"
        assert _value(url, "SELECT sum(amount) FROM account_transactions") == 200
        _value(url, "CREATE TABLE takes_changes ()")


def test_archived_log_files_are_never_overwritten(folder: Path) -> None:
    (folder / "segment").write_text("one")
    for _ in range(2):
        _as_postgres(folder / "archive-wal", folder / "wal", folder / "segment", "0001")
    (folder / "segment").write_text("two")
    with pytest.raises(AssertionError, match="is there with other content"):
        _as_postgres(folder / "archive-wal", folder / "wal", folder / "segment", "0001")
    assert (folder / "wal" / "0001").read_text() == "one"


def test_a_folder_that_is_no_fresh_base_backup_is_left_alone(folder: Path) -> None:
    (folder / "used").mkdir()
    with pytest.raises(AssertionError, match="is no base backup that was never started"):
        _as_postgres(folder / "recover-to", folder / "used", folder / "wal", "2026-03-02 14:07:31+00")
    assert list((folder / "used").iterdir()) == []
