"""Exports hold a few runs of rows, however many there are: a slice of ``bench.exports``, with rows counted."""

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import asyncpg
import asyncpg.cursor
import pytest

from api.transport.files.exports import chunks_of
from bench.exports import EQUITY, EXECUTIONS, LEDGER
from bench.pages import OPEN_ACCOUNTS, PEOPLE, PLACE_ORDERS
from domain.kernel.database import reading
from domain.kernel.ids import new_id
from domain.system.exports.columns import ExportKind
from domain.system.exports.service import ExportRequest, open_export
from tests.orders.factories import SPOT
from tests.support.trading import Platform, platform

ROWS = 6_000
# A page and the row that tells of the next one.
MAX_READ = 501
# What was read ahead, and a page of what goes beside it: executions and cash, or the names of their orders.
MAX_HELD = 3 * MAX_READ
ACCOUNT = UUID(int=1)


@dataclass
class Flow:
    """The rows that came from the database, in reads, and those that went out."""

    reads: list[int] = field(default_factory=list)
    sent: int = 0


_counted: ContextVar[bool] = ContextVar("counted", default=False)


@contextmanager
def counting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Flow]:
    """Count the rows of every statement and of every fetch of a cursor of this task; other tasks do not count."""
    flow = Flow()
    execute, fetch = asyncpg.Connection._execute, asyncpg.cursor.Cursor.fetch

    async def executing(*arguments: Any, **others: Any) -> Any:
        found = await execute(*arguments, **others)
        if _counted.get():
            flow.reads.append(len(found[0] if isinstance(found, tuple) else found or ()))
        return found

    async def fetching(*arguments: Any, **others: Any) -> Any:
        found = await fetch(*arguments, **others)
        if _counted.get():
            flow.reads.append(len(found))
        return found

    with monkeypatch.context() as patch:
        patch.setattr(asyncpg.Connection, "_execute", executing)
        patch.setattr(asyncpg.cursor.Cursor, "fetch", fetching)
        token = _counted.set(True)
        try:
            yield flow
        finally:
            _counted.reset(token)


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(database_url, redis_url, tmp_path, venue=False) as whole:
        await whole.add_instrument(replace(SPOT, id=new_id()))
        async with reading() as connection:
            await connection.execute(PEOPLE)
            await connection.execute(OPEN_ACCOUNTS, 1)
            await connection.execute(PLACE_ORDERS, ROWS, 1, 1)
            await connection.execute(EXECUTIONS)
            await connection.execute(LEDGER, ROWS, str(ACCOUNT))
            await connection.execute(EQUITY, ROWS, str(ACCOUNT))
            # The books agree after every test.
            await connection.execute("UPDATE accounts SET cash = $1::bigint, transaction_sequence = $1::bigint", ROWS)
            await connection.execute("UPDATE orders SET status = 'CANCELED', closed_at = now() WHERE closed_at IS NULL")
        yield whole


async def test_an_export_holds_no_more_than_some_pages(desk: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind, lines in (
        (ExportKind.ORDERS, ROWS),
        (ExportKind.EXECUTIONS, ROWS),
        (ExportKind.LEDGER, ROWS),
        (ExportKind.EQUITY, ROWS),
        # One buys, the next one sells as much.
        (ExportKind.CLOSED_TRADES, ROWS // 2),
        (ExportKind.TAX_LOTS, ROWS // 2),
        (ExportKind.HISTORY, 2 * ROWS),
    ):
        rows = await open_export(desk.admin, desk.services.market, ExportRequest(kind, ACCOUNT))
        held, sizes = [], []
        with counting(monkeypatch) as flow:
            async with aclosing(cast(Any, chunks_of(kind, "csv", rows))) as chunks:
                async for chunk in chunks:
                    sizes.append(chunk.count(b"\r\n"))
                    flow.sent += sizes[-1]
                    held.append(sum(flow.reads) - flow.sent)
        assert sum(sizes) == lines + 1, kind
        assert max(sizes) <= MAX_READ, kind
        assert max(flow.reads) <= MAX_READ, kind
        # Each read counts: without that the bounds would hold of nothing.
        assert sum(flow.reads) >= ROWS, kind
        if lines == ROWS:
            assert max(held) <= MAX_HELD, kind
