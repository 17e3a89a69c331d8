"""Lists of large tables are read in their order from an index: no page sorts or scans the table."""

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from domain.kernel.database import reading
from domain.kernel.ids import new_id
from domain.orders.model.types import OrderSortField
from domain.orders.reading import search_queries
from tests.orders.factories import SPOT, command
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
    ("anomalyCases(first: 2) { edges { cursor } }", "anomaly_cases"),
    ("anomalyDismissalsConnection(first: 2) { edges { cursor } }", "anomaly_dismissals"),
    ("taskRuns(first: 2) { edges { cursor } }", "task_runs"),
    ("users(first: 2) { edges { cursor } }", "users"),
    ("accountsConnection(first: 2) { edges { cursor } }", "accounts"),
    ("riskRulesConnection(first: 2) { edges { cursor } }", "risk_rules"),
    ("tradingHaltsConnection(first: 2) { edges { cursor } }", "trading_halts"),
    ("corporateActionsConnection(last: 2) { edges { cursor } }", "corporate_actions"),
    ("apiKeysConnection(first: 2) { edges { cursor } }", "api_keys"),
    ("sessionsConnection(first: 2) { edges { cursor } }", "sessions"),
    ('barsConnection(symbol: "COIN", interval: MINUTE, last: 2) { edges { cursor } }', "bars"),
    ('positionHistoryConnection(accountId: "%s", first: 2) { edges { cursor } }', "position_snapshots"),
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
        pages = [
            each
            for each in asked
            if table in each[0].replace('"', " ").split() and "ORDER BY" in each[0] and "LIMIT" in each[0]
        ]
        assert pages, (question, [query for query, _ in asked])
        for query, arguments in pages:
            plan = await plan_of(query, arguments)
            assert f"Seq Scan on {table}" not in plan, (question, plan)
            assert sorts_no_table(plan), (question, plan)


def sorts_no_table(plan: str) -> bool:
    """True if the plan reads rows in their order.

    A merge of ordered months has a key and sorts nothing; what is presorted by time is sorted within one moment. What
    is put together from pages of several tables sorts these pages alone: each ends with its limit.
    """
    steps = [line.strip().removeprefix("->").strip() for line in plan.splitlines()]
    return "Sort" not in steps or ("Append" in steps and plan.count("Limit") == 1 + plan.count("Index Scan"))


async def plan_of(query: str, arguments: Any) -> str:
    """The plan of a statement while sorts and scans are expensive: a remaining one could not be avoided."""
    async with reading() as connection, connection.transaction(readonly=True):
        await connection.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        await connection.execute("SET LOCAL enable_bitmapscan = off")
        rows = await connection.fetch(f"EXPLAIN (COSTS OFF) {query}", *arguments)
    return "\n".join(row[0] for row in rows)


@pytest.mark.parametrize("field", [field for field in OrderSortField if field is not OrderSortField.CREATED_AT])
async def test_other_orders_of_a_list_read_no_more_than_an_account_and_sort_no_more_than_allowed(
    desk: Platform, monkeypatch: pytest.MonkeyPatch, field: OrderSortField
) -> None:
    owner, account = await desk.open_account("1000")
    await desk.quote("COIN", "99", "101")
    for _ in range(3):
        await desk.place(owner, command(account_id=account.id, quantity=Decimal("0.1"), limit_price=Decimal(50)))
    whole = f"orders(first: 2, orderBy: {{ field: {field} }}) {{ edges {{ cursor }} }}"
    of_account = f'account(id: "{account.id}") {{ {whole} }}'
    monkeypatch.setattr(search_queries, "MAX_SORTED", 3)
    for query, arguments in await statements_of(desk, of_account, monkeypatch):
        if "FROM orders" in query and account.id in arguments:
            plan = await plan_of(query, arguments)
            assert "Index Cond: (account_id" in plan, plan
    api = Asking(desk, desk.admin)
    assert len((await api.ask(f"{{ {whole} }}"))["edges"]) == 2
    monkeypatch.setattr(search_queries, "MAX_SORTED", 2)
    refusal = await api.refusal(f"{{ {whole} }}")
    assert (refusal["code"], refusal["field"]) == ("BAD_USER_INPUT", "orderBy")
    # What is not among the matching orders need not be sorted, and the order of placing never is.
    narrow = f"orders(first: 2, filter: {{ sides: [SELL] }}, orderBy: {{ field: {field} }}) {{ totalCount }}"
    assert (await api.ask(f"{{ {narrow} }}"))["totalCount"] == 0
    assert len((await api.ask("{ orders { edges { cursor } } }"))["edges"]) == 3
