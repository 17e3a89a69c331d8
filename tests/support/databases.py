"""Fresh databases: one migrated template per session, one clone per test.

A clone costs tens of milliseconds, and it gives a test exactly what a new installation has: sequences at their start,
what the migrations insert, and no trace of another test, whatever that one did to tables, triggers or settings.

Migrating takes seconds, so the template is filled from a dump that an earlier session made, as long as no migration
has changed since.
"""

import asyncio
import hashlib
import os
import subprocess
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib import metadata
from itertools import count
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from adapters.database.connection import migrate
from adapters.database.libpq import address_variables, program
from adapters.embedded import EmbeddedServices
from tests.support.processes import ROOT

_TEMPLATE = "template_migrated"


# Each returns what is wrong.
_MONEY = {
    "cash, numbers and balance follow from the ledger": """
        SELECT a.id, a.cash, a.transaction_sequence, count(t.id) AS rows, sum(t.amount) AS moved
        FROM accounts a LEFT JOIN account_transactions t ON t.account_id = a.id GROUP BY a.id
        HAVING a.cash <> COALESCE(sum(t.amount), 0) OR a.transaction_sequence <> count(t.id)
        OR a.transaction_sequence <> COALESCE(max(t.sequence), 0)
    """,
    "accounts and the house sum to zero per currency": """
        SELECT currency, sum(amount) AS difference FROM (
          SELECT currency, cash AS amount FROM accounts
          UNION ALL SELECT currency, -amount FROM account_transactions
        ) AS m GROUP BY currency HAVING sum(amount) <> 0
    """,
    "what accounts hold back is what their positions do": """
        SELECT a.id, a.reserved, sum(p.reserved) AS of_positions
        FROM accounts a LEFT JOIN positions p ON p.account_id = a.id GROUP BY a.id
        HAVING a.reserved <> COALESCE(sum(p.reserved), 0)
    """,
    "events have no gap": """
        SELECT a.id, a.event_sequence, count(e.sequence) AS events
        FROM accounts a LEFT JOIN account_events e ON e.account_id = a.id GROUP BY a.id
        HAVING a.event_sequence <> count(e.sequence)
    """,
    "open orders are counted": """
        SELECT account_id, instrument_id, strategy, sum(counted) AS difference FROM (
          SELECT account_id, instrument_id, strategy, orders AS counted FROM open_order_counts
          UNION ALL SELECT account_id, instrument_id, COALESCE(strategy, ''), -1 FROM orders WHERE closed_at IS NULL
        ) AS c GROUP BY account_id, instrument_id, strategy HAVING sum(counted) <> 0
    """,
}


class DatabaseFactory:
    """Makes and drops databases over one superuser connection, which lives in a thread with its own loop.

    So a fixture can be synchronous, and no test's event loop is involved.
    """

    def __init__(self, services: EmbeddedServices, cache: Path) -> None:
        self._services = services
        self._cache = cache
        self._numbers = count(1)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._connection: asyncpg.Connection | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        self._create(_TEMPLATE, "template1")
        self._fill_template()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._connection is not None:
            self._connection.terminate()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @contextmanager
    def migrated(self, *, tampered: bool = False) -> Iterator[str]:
        """A database as the migrations make it; its URL. In the end its money must come to nothing.

        ``tampered`` says that the test falsifies the books on purpose.
        """
        with self._temporary(_TEMPLATE) as url:
            yield url
            if not tampered:
                self._wait(check_money(url))

    @contextmanager
    def copy(self, url: str) -> Iterator[str]:
        """A copy of a database that has no open connections; its URL."""
        with self._temporary(urlsplit(url).path.removeprefix("/")) as copied:
            yield copied

    @contextmanager
    def empty(self) -> Iterator[str]:
        """An empty database; its URL."""
        with self._temporary("template1") as url:
            yield url

    def _fill_template(self) -> None:
        url = self._url(_TEMPLATE)
        dump = self._cache / f"{_fingerprint()}.sql"
        if dump.exists():
            _run_program("psql", "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", f"--file={dump}", url=url)
            return
        # Once for all sessions until a migration is added: on a busy machine that takes its time.
        self._wait(migrate(url), timeout_seconds=300)
        fresh = self._cache / f"{os.getpid()}.sql"
        _run_program("pg_dump", "--no-owner", f"--file={fresh}", url=url)
        fresh.replace(dump)

    @contextmanager
    def _temporary(self, template: str) -> Iterator[str]:
        name = f"test_{next(self._numbers)}"
        self._create(name, template)
        try:
            yield self._url(name)
        finally:
            self._wait(self._execute(f"DROP DATABASE {name} WITH (FORCE)"))

    def _create(self, name: str, template: str) -> None:
        # Copying files is five times as fast as logging every page.
        self._wait(self._execute(f"CREATE DATABASE {name} TEMPLATE {template} OWNER tradegraph STRATEGY file_copy"))

    async def _execute(self, sql: str) -> None:
        # A test may have killed the server since the last statement.
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(self._services.postgres.superuser_url)
        await self._connection.execute(sql)

    def _url(self, name: str) -> str:
        return urlunsplit(urlsplit(self._services.database_url)._replace(path=f"/{name}"))

    def _wait(self, work: Coroutine[Any, Any, None], timeout_seconds: float = 60) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=timeout_seconds)


async def check_money(url: str) -> None:
    """The ledger of a database, its accounts and the house agree.

    Raises:
        AssertionError: they do not; the message names the accounts or currencies.
    """
    connection = await asyncpg.connect(url)
    try:
        # A test may have taken tables away.
        there = await connection.fetchval("SELECT to_regclass('account_transactions') IS NOT NULL")
        # Most tests open no account, and what follows belongs to one.
        if there and await connection.fetchval("SELECT EXISTS (SELECT FROM accounts)"):
            for what, sql in _MONEY.items():
                wrong = [dict(row) for row in await connection.fetch(sql)]
                assert not wrong, f"{what}: {wrong}"
    finally:
        await connection.close()


def _fingerprint() -> str:
    """The inputs of the migrated schema: the migrations, and the library that applies them."""
    digest = hashlib.sha256(metadata.version("tortoise-orm").encode())
    for path in sorted((ROOT / "migrations").glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:32]


def _run_program(name: str, *arguments: str, url: str) -> None:
    subprocess.run(
        [program(name), *arguments], env=address_variables(url), check=True, stdout=subprocess.DEVNULL, timeout=60
    )


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    """A separate connection of a test, beside the pool of the tested code."""
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()
