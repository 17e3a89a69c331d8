"""A database that is there and cannot serve: each way has its reason, and it is over when the server says so."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine

import asyncpg
import pytest

from domain.kernel.bus import NullBus
from domain.kernel.database import borrowed, fetch, pool, reading
from domain.kernel.errors import Unavailable
from domain.kernel.outages import unavailable
from domain.kernel.unit_of_work import unit_of_work
from tests.support.waiting import PATIENCE_SECONDS


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection beside the platform's."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def _write() -> None:
    async with unit_of_work(NullBus()) as work:
        await work.execute("INSERT INTO topic_versions (topic, version) VALUES ('t', 1) ON CONFLICT DO NOTHING")


async def _reason() -> object:
    with pytest.raises(Unavailable) as caught:
        await _write()
    return caught.value.context["reason"]


async def _end_connections(owner: asyncpg.Connection) -> None:
    await owner.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


async def _works_again() -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                return await _write()
            except Unavailable:
                await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("53100", "DISK_FULL"),
        ("53200", "OUT_OF_MEMORY"),
        ("53300", "TOO_MANY_CONNECTIONS"),
        ("53400", "OUT_OF_RESOURCES"),
        ("25006", "READ_ONLY"),
        ("58030", "SERVER_FAILURE"),
        ("57P01", "UNREACHABLE"),
        ("57014", "UNREACHABLE"),
    ],
)
async def test_each_database_error_has_its_reason_in_reads_and_writes(database: str, state: str, reason: str) -> None:
    raising = f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{state}'; END $$"
    with pytest.raises(Unavailable) as caught:
        await fetch(raising)
    assert caught.value.context == {"reason": reason}
    with pytest.raises(Unavailable) as caught:
        async with unit_of_work(NullBus()) as work:
            await work.execute(raising)
    assert caught.value.context == {"reason": reason}
    await _works_again()


async def test_a_read_only_database_serves_reads_and_later_writes_again(
    database: str, owner: asyncpg.Connection
) -> None:
    name = database.rpartition("/")[2]
    await owner.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    await _end_connections(owner)
    assert await _reason() in {"READ_ONLY", "UNREACHABLE"}
    assert await _reason() == "READ_ONLY"
    assert await fetch("SELECT 1")
    await owner.execute("SET default_transaction_read_only = off")
    await owner.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    await _end_connections(owner)
    await _works_again()


async def test_too_many_connections_make_the_database_unavailable(database: str, owner: asyncpg.Connection) -> None:
    name = database.rpartition("/")[2]
    await owner.execute(f"ALTER DATABASE {name} CONNECTION LIMIT 1")
    await _end_connections(owner)
    reasons = [await _reason() for _ in range(3)]
    assert reasons[-1] == "TOO_MANY_CONNECTIONS"
    await owner.execute(f"ALTER DATABASE {name} CONNECTION LIMIT -1")
    await _works_again()


def test_any_other_connection_error_means_unreachable() -> None:
    for error in (OSError(), TimeoutError(), asyncpg.ConnectionDoesNotExistError()):
        assert unavailable(error).context == {"reason": "UNREACHABLE"}


_LONG = "SELECT pg_sleep(60)"


async def _read_in_transaction() -> None:
    async with reading() as connection, connection.transaction(readonly=True):
        await connection.fetch(_LONG)


async def _change() -> None:
    async with unit_of_work(NullBus()) as work:
        await work.execute(_LONG)


@pytest.mark.parametrize("use", [lambda: fetch(_LONG), _read_in_transaction, _change], ids=["read", "reads", "change"])
async def test_a_cancelled_use_of_a_connection_that_dies_has_been_cancelled(
    database: str, owner: asyncpg.Connection, use: Callable[[], Coroutine[object, object, object]]
) -> None:
    for loops in range(60):
        task = asyncio.create_task(use())
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await owner.fetchval("SELECT count(*) FROM pg_stat_activity WHERE query = $1", _LONG):
                # It may have met another connection that was closed before.
                task = asyncio.create_task(use()) if task.done() else task
        # The connection is closed before, while or after its user notices that it is to give up.
        closing = asyncio.create_task(_end_connections(owner))
        for _ in range(loops):
            await asyncio.sleep(0)
        asked = task.cancel()
        await asyncio.wait({task, closing}, timeout=PATIENCE_SECONDS)
        assert task.cancelled() is asked


async def test_a_read_while_the_process_ends_is_refused_and_is_no_outage(
    database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with borrowed():
        closing = asyncio.create_task(pool().close())
        await asyncio.sleep(0)
        with pytest.raises(Unavailable, match="not connected"):
            await fetch("SELECT 1")
    await closing
    with pytest.raises(Unavailable, match="not connected"):
        await _write()
    assert "cannot serve" not in "".join(capsys.readouterr())
