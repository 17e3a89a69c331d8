"""Lists of large tables are read in their order from an index: no page sorts or scans the table."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from domain.kernel.database import reading
from domain.kernel.ids import new_id
from tests.orders.factories import SPOT
from tests.support.asking import Asking
from tests.support.trading import Platform, platform

# Each list, and the large table that it reads.
LISTS = [
    ("orders(first: 2) { edges { cursor } }", "orders"),
    ("orders(last: 2) { edges { cursor } }", "orders"),
    ('orders(first: 2, filter: { accountId: "%s" }) { edges { cursor } }', "orders"),
    ("executions(first: 2) { edges { cursor } }", "executions"),
    ('executions(first: 2, filter: { accountId: "%s" }) { edges { cursor } }', "executions"),
    ("auditLog(first: 2) { edges { cursor } }", "audit_entries"),
    ("riskEvents(first: 2) { edges { cursor } }", "risk_events"),
    ('riskEvents(first: 2, filter: { accountId: "%s" }) { edges { cursor } }', "risk_events"),
    ("anomalies(first: 2) { edges { cursor } }", "anomalies"),
    ('account(id: "%s") { transactions(first: 2) { edges { cursor } } }', "account_transactions"),
    ('dailyStatementsConnection(accountId: "%s", first: 2) { edges { cursor } }', "daily_statements"),
]


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(database_url, redis_url, tmp_path) as whole:
        await whole.add_instrument(replace(SPOT, id=new_id()))
        yield whole


async def statements_of(desk: Platform, question: str, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """The statements that a question sends, with their arguments."""
    found: list[tuple[str, Any]] = []
    execute: Any = getattr(asyncpg.Connection, "_execute")  # noqa: B009  # the driver's own, which has no type

    async def noting(connection: Any, query: str, arguments: Any, *others: Any, **more: Any) -> Any:
        found.append((query, arguments))
        return await execute(connection, query, arguments, *others, **more)

    with monkeypatch.context() as patch:
        patch.setattr(asyncpg.Connection, "_execute", noting)
        await Asking(desk, desk.admin).ask(f"{{ {question} }}")
    return found


async def test_pages_of_large_tables_use_an_index(desk: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    _, account = await desk.open_account("100")
    for pattern, table in LISTS:
        question = pattern % account.id if "%s" in pattern else pattern
        asked = await statements_of(desk, question, monkeypatch)
        pages = [each for each in asked if f" {table}" in each[0] and "ORDER BY" in each[0] and "LIMIT" in each[0]]
        assert pages, (question, [query for query, _ in asked])
        for query, arguments in pages:
            plan = await plan_of(query, arguments)
            assert f"Seq Scan on {table}" not in plan, (question, plan)
            # What is put together from pages of several tables, sorts these pages alone: each ends with its limit.
            if "Append" in plan:
                assert plan.count("Limit") == 1 + plan.count("Index Scan"), (question, plan)
            else:
                assert "Sort" not in plan, (question, plan)


async def plan_of(query: str, arguments: Any) -> str:
    """The plan of a statement while sorts and scans are expensive: a remaining one could not be avoided."""
    async with reading() as connection, connection.transaction(readonly=True):
        await connection.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        await connection.execute("SET LOCAL enable_bitmapscan = off")
        rows = await connection.fetch(f"EXPLAIN (COSTS OFF) {query}", *arguments)
    return "\n".join(row[0] for row in rows)
