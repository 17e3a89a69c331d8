"""`web` behind PgBouncer in transaction mode: sessions change between transactions, and nothing is mixed up."""

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from adapters.database.connection import database
from adapters.settings.loading import load_settings
from adapters.settings_error import SettingsError
from domain.kernel.database import pool
from tests.support.api import free_socket
from tests.support.client import Client
from tests.support.processes import ROOT, run
from tests.support.web import Web, web_process

pytestmark = pytest.mark.skipif(shutil.which("pgbouncer") is None, reason="there is no pgbouncer (Debian's package)")
_START_SECONDS = 120.0
OPEN = """mutation ($name: String!) {
  openAccount(input: {name: $name, kind: CASH, currency: "USD"}) { id }
}"""
PLACE = "mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id status } } }"


@pytest.fixture
def plain_folder() -> Iterator[Path]:
    """A folder that another user can enter: pytest's folders are only for their owner."""
    with tempfile.TemporaryDirectory(prefix="tradegraph-pgbouncer-") as folder:
        yield Path(folder)


@pytest.fixture
def pooled_url(database_url: str, plain_folder: Path) -> Iterator[str]:
    """A database for one test through PgBouncer with the file of ``deploy/ha`` and two server sessions."""
    server = urlsplit(database_url)
    folder = plain_folder
    with free_socket() as taken:
        port = taken.getsockname()[1]
    text = (ROOT / "deploy" / "ha" / "pgbouncer.ini").read_text(encoding="utf-8")
    target = f"{server.path[1:]} = host=127.0.0.1 port={server.port}"
    changed = {
        "tradegraph = host=127.0.0.1 port=5000 dbname=tradegraph": target,
        "listen_port = 6432": f"listen_port = {port}",
        "/etc/pgbouncer/userlist.txt": str(folder / "userlist.txt"),
        "default_pool_size = 20": "default_pool_size = 2",
    }
    for old, new in changed.items():
        assert old in text, old
        text = text.replace(old, new)
    (folder / "pgbouncer.ini").write_text(text + "unix_socket_dir =\n")
    (folder / "userlist.txt").write_text(f'"{server.username}" "{server.password}"\n')
    command = ["pgbouncer", str(folder / "pgbouncer.ini")]
    user: dict[str, int] = {}
    if os.geteuid() == 0:
        # It refuses to run as root.
        nobody = pwd.getpwnam("nobody")
        user = {"user": nobody.pw_uid, "group": nobody.pw_gid}
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, nobody.pw_uid, nobody.pw_gid)
    process = subprocess.Popen(command, cwd="/", stdout=subprocess.DEVNULL, **user)
    try:
        url = urlunsplit(server._replace(netloc=f"{server.username}:{server.password}@127.0.0.1:{port}"))
        asyncio.run(_answers(url, process))
        yield url
    finally:
        process.terminate()
        process.wait()


async def _answers(url: str, process: subprocess.Popen[bytes]) -> None:
    async with asyncio.timeout(_START_SECONDS):
        while True:
            try:
                connection = await asyncpg.connect(url, statement_cache_size=0)
            except (OSError, asyncpg.PostgresError):
                assert process.poll() is None, "PgBouncer has ended; its error output says why"
                await asyncio.sleep(0.05)
            else:
                await connection.close()
                return


async def test_statements_with_arguments_and_cursors_run_on_their_own_session(pooled_url: str) -> None:
    """Many at once on two sessions: without a transaction each, they meet one another's statements."""

    async def ask(number: int) -> None:
        for step in range(10):
            assert await pool().fetchval("SELECT $1::int + $2::int", number, step) == number + step
            assert await pool().fetchval("SELECT $1::text", f"{number}") == f"{number}"
            rows = await pool().fetch("SELECT unnest($1::uuid[]) AS id, $2::numeric AS n", [], step)
            assert rows == []
        async with pool().acquire() as connection, connection.transaction():
            cursor = await connection.cursor("SELECT generate_series(1, $1::int) AS n", number + 1)
            assert [row["n"] for row in await cursor.fetch(100)] == list(range(1, number + 2))

    async with database(pooled_url, pooler=True):
        await asyncio.gather(*(ask(number) for number in range(16)))


def test_web_places_concurrent_orders_through_a_pooler(
    pooled_url: str, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    with web_process(pooled_url, redis_url, tmp_path, prepared_at=database_url, TRADEGRAPH_POOLER="transaction") as web:
        asyncio.run(_place_many(web))


async def _place_many(web: Web) -> None:
    """Place orders of four accounts at once and assert that each exists once."""
    async with Client(web.address) as client:
        await client.sign_in(web.email, web.password)
        found = await client.ask("{ instruments(first: 1) { edges { node { symbol } } } }")
        symbol = found["instruments"]["edges"][0]["node"]["symbol"]
        opened = [await client.ask(OPEN, name=f"Account {number}") for number in range(4)]
        accounts = [each["openAccount"]["id"] for each in opened]

        async def place(account: str) -> str:
            order = {"accountId": account, "symbol": symbol, "side": "BUY", "quantity": "1"}
            answer = await client.ask(PLACE, input=order | {"type": "LIMIT", "limitPrice": "1"})
            return str(answer["placeOrder"]["order"]["id"])

        placed = await asyncio.gather(*(place(account) for account in accounts * 8))
        there = await client.ask("{ orders(first: 100) { edges { node { id } } } }")
        assert sorted(placed) == sorted(edge["node"]["id"] for edge in there["orders"]["edges"])


@pytest.mark.parametrize("command", ["engine", "worker", "migrate"])
def test_session_locks_are_refused_behind_a_pooler(
    command: str, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    given = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "TRADEGRAPH_DATA_DIR": str(tmp_path),
        "TRADEGRAPH_POOLER": "transaction",
    }
    done = run([command], given)
    assert done.returncode == 2
    assert "TRADEGRAPH_POOLER" in done.stderr
    assert f"{command} holds locks of a session" in done.stderr


def test_an_unsupported_pooling_mode_is_refused() -> None:
    with pytest.raises(SettingsError, match="TRADEGRAPH_POOLER"):
        load_settings({"TRADEGRAPH_POOLER": "session"})
