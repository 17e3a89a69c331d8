"""The private servers on one data folder: their life, their deaths, and who else may touch them."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest
import redis

from adapters.embedded import EmbeddedError, EmbeddedServices, embedded_services, running_services
from adapters.embedded.ports import LOOPBACK
from adapters.embedded.server_folder import make_private_folder
from tests.support.ports import free_port
from tests.support.waiting import eventually

_SERVE = """
import sys, time
from pathlib import Path
from adapters.embedded import embedded_services
with embedded_services(Path(sys.argv[1])) as services:
    print(services.postgres.pid, services.valkey.pid, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def data_dir(open_tmp_path: Path) -> Path:
    return open_tmp_path / "data"


@pytest.fixture
def services(data_dir: Path) -> Iterator[EmbeddedServices]:
    with embedded_services(data_dir) as started:
        yield started


async def _value(url: str, sql: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


def _launcher(data_dir: Path) -> tuple[subprocess.Popen[str], int, int]:
    """A process that serves the data folder, and the ids of its two servers."""
    launcher = subprocess.Popen([sys.executable, "-c", _SERVE, str(data_dir)], stdout=subprocess.PIPE, text=True)
    assert launcher.stdout is not None
    with launcher.stdout:
        postgres, valkey = map(int, launcher.stdout.readline().split())
    return launcher, postgres, valkey


def _is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def test_written_rows_survive_stop_kill_and_start(data_dir: Path) -> None:
    with embedded_services(data_dir) as services:
        first_url = services.database_url
        await _value(first_url, "CREATE TABLE kept AS SELECT 1 AS n")
        with redis.Redis.from_url(services.redis_url) as client:
            client.set("quote", "1.1")
    with embedded_services(data_dir) as services:
        assert services.database_url == first_url
        with redis.Redis.from_url(services.redis_url) as client:
            assert client.get("quote") == b"1.1"
        await _value(first_url, "UPDATE kept SET n = n + 1")
        services.postgres.kill()
        services.valkey.kill()
        assert not services.postgres.running
        assert not services.valkey.running
        services.postgres.start()
        services.valkey.start()
        assert await _value(first_url, "SELECT n FROM kept") == 2
        assert await _value(first_url, "SHOW fsync") == "on"
    assert not services.postgres.running
    assert not services.valkey.running


async def test_the_private_servers_require_their_password(services: EmbeddedServices) -> None:
    port = services.postgres.port
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(f"postgresql://tradegraph:wrong@{LOOPBACK}:{port}/tradegraph")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(f"postgresql://postgres:wrong@{LOOPBACK}:{port}/postgres")
    with redis.Redis(host=LOOPBACK, port=services.valkey.port) as client, pytest.raises(redis.AuthenticationError):
        client.ping()
    for server in (services.postgres, services.valkey):
        assert server.pid is not None
        process = psutil.Process(server.pid)
        assert process.uids().real != 0
        listening = {connection.laddr.ip for connection in process.net_connections() if connection.status == "LISTEN"}
        assert listening == {LOOPBACK}
        # What every user of the machine can read must not tell the password.
        password = server.url.split("@")[0].rpartition(":")[2]
        assert password not in " ".join(process.cmdline())


def test_secret_files_are_readable_by_their_owner_only(services: EmbeddedServices, data_dir: Path) -> None:
    password = services.redis_url.split("@")[0].rpartition(":")[2]
    assert password in (data_dir / "embedded" / "state.json").read_text()
    for path in (data_dir / "embedded").iterdir():
        if path.is_file():
            assert path.stat().st_mode & 0o777 == 0o600, path
    for folder in ("postgres", "valkey"):
        assert (data_dir / "embedded" / folder).stat().st_mode & 0o777 == 0o700


def test_a_data_folder_has_one_launcher(services: EmbeddedServices, data_dir: Path) -> None:
    with pytest.raises(EmbeddedError) as refusal, embedded_services(data_dir):
        pass
    assert str(refusal.value) == (
        f"the data folder {data_dir} is already served by process {os.getpid()}: "
        "stop it first, or set TRADEGRAPH_DATA_DIR to another folder"
    )
    assert services.postgres.running
    assert running_services(data_dir) == (services.database_url, services.redis_url)


def test_a_new_data_folder_has_no_server(data_dir: Path) -> None:
    assert running_services(data_dir) is None


async def test_the_servers_of_a_killed_launcher_stop(data_dir: Path) -> None:
    launcher, postgres, valkey = _launcher(data_dir)
    launcher.kill()
    launcher.wait()
    await eventually(lambda: _is_gone(postgres) and _is_gone(valkey), 30)
    assert running_services(data_dir) is None


async def test_servers_without_launcher_and_guards_are_replaced(data_dir: Path) -> None:
    launcher, postgres, valkey = _launcher(data_dir)
    for child in psutil.Process(launcher.pid).children():
        if child.name() == "sh":
            child.kill()
    launcher.kill()
    launcher.wait()
    assert not _is_gone(postgres)
    with embedded_services(data_dir) as services:
        assert _is_gone(postgres)
        assert _is_gone(valkey)
        assert await _value(services.database_url, "SELECT 1") == 1


async def test_a_pid_file_with_the_number_of_a_foreign_process_is_ignored(data_dir: Path) -> None:
    with embedded_services(data_dir) as services:
        await _value(services.database_url, "CREATE TABLE kept AS SELECT 7 AS n")
        services.postgres.kill()
        services.valkey.kill()
    pid_file = data_dir / "embedded" / "postgres" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    bystander = subprocess.Popen(["/bin/sleep", "600"])
    try:
        pid_file.write_text("\n".join([str(bystander.pid), *lines[1:]]) + "\n")
        with embedded_services(data_dir) as services:
            assert await _value(services.database_url, "SELECT n FROM kept") == 7
        assert bystander.poll() is None
    finally:
        bystander.send_signal(signal.SIGKILL)
        bystander.wait()


def test_a_port_taken_by_another_program_is_left_to_it(data_dir: Path) -> None:
    with embedded_services(data_dir, valkey=False) as services:
        port = services.postgres.port
        assert services.started == (services.postgres,)
    with socket.create_server((LOOPBACK, port)), embedded_services(data_dir, valkey=False) as services:
        assert services.postgres.port != port


def test_a_failed_start_gives_its_reason(services: EmbeddedServices) -> None:
    services.valkey.stop()
    snapshot = services.valkey._place.valkey / "dump.rdb"
    snapshot.write_text("not a snapshot")
    services.valkey.start()
    assert not snapshot.exists()
    services.postgres.stop()
    services.postgres.port = 70_000
    with pytest.raises(EmbeddedError, match=r"^the private PostgreSQL did not start: .*FATAL: "):
        services.postgres.start()


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda folder: (folder / "postgres" / "PG_VERSION").write_text("16\n"), "was written by PostgreSQL 16"),
        (lambda folder: (folder / "postgres" / "PG_VERSION").unlink(), "is this a database?"),
        (lambda folder: (folder / "state.json").write_text("{"), "state.json is damaged"),
        (lambda folder: (folder / "state.json").unlink(), "is gone: restore it from a backup"),
    ],
)
def test_an_unusable_data_folder_is_left_unchanged(data_dir: Path, prepare: object, message: str) -> None:
    folder = data_dir / "embedded"
    (folder / "postgres").mkdir(parents=True)
    (folder / "postgres" / "PG_VERSION").write_text("18\n")
    if os.geteuid() == 0:
        os.chown(folder / "postgres", 65534, 65534)
    state = dict.fromkeys(("postgres_password", "postgres_superuser_password", "valkey_password"), "secret")
    (folder / "state.json").write_text(json.dumps(state))
    prepare(folder)
    before = {path: path.read_text() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(EmbeddedError, match=message), embedded_services(data_dir):
        pass
    assert {path: path.read_text() for path in before} == before


def test_a_file_in_place_of_the_data_folder_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_text("")
    with pytest.raises(EmbeddedError, match="is not a folder that this account may write to"), embedded_services(path):
        pass


def test_free_ports_can_be_bound() -> None:
    with socket.create_server((LOOPBACK, free_port())):
        pass


def test_processes_that_start_together_share_a_new_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "data"
    make_private_folder(folder)
    permissions = folder.stat().st_mode
    (tmp_path / "file").touch()
    # Each looked before any of them had made it.
    monkeypatch.setattr(Path, "exists", lambda _: False)
    make_private_folder(folder)
    assert folder.stat().st_mode == permissions
    with pytest.raises(EmbeddedError, match="File exists"):
        make_private_folder(tmp_path / "file")
