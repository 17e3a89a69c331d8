"""Root's private servers when the data folder lies where no other account can go; and the same as a plain user."""

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from adapters.embedded import EmbeddedError, embedded_services
from adapters.embedded import binaries as binaries_module
from adapters.embedded.system_account import Account, server_account

_ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make folders that others cannot enter")


@pytest.fixture
def private_home(open_tmp_path: Path) -> Iterator[Path]:
    """A private home like root's, which others cannot enter. Files outside of it are removed afterwards."""
    home = open_tmp_path / "home"
    home.mkdir(mode=0o700)
    yield home
    for pointer in home.rglob("embedded/location"):
        shutil.rmtree(pointer.read_text().strip(), ignore_errors=True)


def _permissions(path: Path) -> dict[Path, int]:
    return {each: each.stat().st_mode & 0o7777 for each in (path, *path.parents)}


def _outside(data_dir: Path) -> Path:
    return Path((data_dir / "embedded" / "location").read_text().strip())


async def _value(url: str, sql: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_a_private_home_folder_stays_private(private_home: Path) -> None:
    before = _permissions(private_home)
    data_dir = private_home / "checkout" / ".data"
    with embedded_services(data_dir) as services:
        await _value(services.database_url, "CREATE TABLE kept AS SELECT 5 AS n")
        place = _outside(data_dir)
        for server in (services.postgres, services.valkey):
            assert server.pid is not None
            assert psutil.Process(server.pid).uids().real == (place / "postgres").stat().st_uid != 0
    assert _permissions(private_home) == before
    # Root's own folder, which the servers' account passes through; only the two folders in it are that account's.
    assert place.stat().st_uid == 0
    assert place.stat().st_mode & 0o777 == 0o711
    theirs = [path for path in place.iterdir() if path.is_dir() and path.stat().st_uid != 0]
    assert sorted(path.name for path in theirs) == ["postgres", "valkey"]
    assert {path.stat().st_mode & 0o777 for path in theirs} == {0o700}
    with embedded_services(data_dir) as services:
        assert await _value(services.database_url, "SELECT n FROM kept") == 5
        assert _outside(data_dir) == place


async def test_unreachable_binaries_are_copied(private_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = binaries_module.installed_binaries()
    package = installed.postgres_folder.parent.parent
    wheels = private_home / "site-packages"
    shutil.copytree(package / "pginstall18", wheels / package.name / "pginstall18", symlinks=True)
    shutil.copytree(package.parent / f"{package.name}.libs", wheels / f"{package.name}.libs")
    valkey = Path(shutil.copy2(installed.valkey_server, wheels / "valkey-server"))
    private = binaries_module.Binaries(wheels / package.name / "pginstall18" / "bin", valkey)
    monkeypatch.setattr(binaries_module, "installed_binaries", lambda: private)
    data_dir = private_home / ".data"
    for _ in range(2):
        with embedded_services(data_dir) as services:
            assert await _value(services.database_url, "SELECT 1") == 1
            assert services.postgres.pid is not None
            executable = Path(psutil.Process(services.postgres.pid).exe())
            assert executable.is_relative_to(_outside(data_dir) / "binaries")
            assert executable.stat().st_uid == 0
    assert not (_outside(data_dir) / "binaries.new").exists()


def test_a_copied_data_folder_does_not_use_the_database_of_the_first(private_home: Path) -> None:
    data_dir = private_home / "first"
    with embedded_services(data_dir, valkey=False):
        pass
    shutil.copytree(data_dir, private_home / "second")
    with (
        pytest.raises(EmbeddedError, match=r"of which .*/second is a copy"),
        embedded_services(private_home / "second"),
    ):
        pass
    data_dir.rename(private_home / "moved")
    with embedded_services(private_home / "moved", valkey=False) as services:
        assert services.postgres.running
    shutil.rmtree(_outside(private_home / "moved"))
    with pytest.raises(EmbeddedError, match="which is gone"), embedded_services(private_home / "moved"):
        pass


def test_temporary_servers_leave_nothing_outside_their_folder(private_home: Path) -> None:
    data_dir = private_home / "data"
    with embedded_services(data_dir, durable=False, valkey=False):
        place = _outside(data_dir)
        assert place.is_dir()
    assert not place.exists()
    assert list(data_dir.iterdir()) == []


def test_the_owner_of_a_database_continues_to_serve_it(open_tmp_path: Path) -> None:
    folder = open_tmp_path / "postgres"
    folder.mkdir()
    assert server_account(folder) == server_account()
    os.chown(folder, 12345, 12346)
    assert server_account(folder) == Account(12345, 12346, switch=True)


def test_root_does_not_lock_a_plain_user_out_of_its_folder(open_tmp_path: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    data_dir = open_tmp_path / "data"
    for folder in (data_dir, data_dir / "embedded"):
        folder.mkdir(mode=0o755)
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    with embedded_services(data_dir, postgres=False):
        pass
    assert (data_dir / "embedded" / "state.json").stat().st_uid == nobody.pw_uid


def test_a_plain_user_needs_no_other_account(open_tmp_path: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    account = Account(nobody.pw_uid, nobody.pw_gid, switch=True)
    if not account.can_run(Path(sys.executable)):
        pytest.skip("this Python lies where a plain user cannot go")
    data_dir = open_tmp_path / "data"
    data_dir.mkdir(mode=0o700)
    account.give(data_dir)
    done = subprocess.run(
        [sys.executable, "-m", "cli", "migrate"],
        cwd=_ROOT,
        env={"PATH": os.defpath, "TRADEGRAPH_DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
        check=False,
        **account.spawn_options(),
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "the schema is up to date\n", "")
    assert {path.stat().st_uid for path in data_dir.rglob("*")} == {nobody.pw_uid}
    assert not (data_dir / "embedded" / "location").exists()
