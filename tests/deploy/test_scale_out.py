"""docs/scale-out.md is held to the schema: which tables could be distributed by account, and what keeps which from it.

The rules are those of Citus: every primary key, unique constraint and unique index of a distributed table has the
column by which it is distributed; so has every foreign key between two distributed tables, on both sides; a reference
table refers to no distributed one.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator

import asyncpg
import pytest

from bench.scaling import FULL, Shape, UnitCosts, shapes, simulate
from tests.platform.test_sql import statements
from tests.support.processes import ROOT

PAGE = (ROOT / "docs" / "scale-out.md").read_text(encoding="utf-8")
# Rows of one account, by the column that names it. All else is read everywhere and seldom written.
DISTRIBUTED = {
    "accounts": "id",
    **dict.fromkeys(
        (
            "account_events",
            "account_transactions",
            "anomaly_cursors",
            "cancel_timers",
            "daily_statements",
            "equity_samples",
            "executions",
            "funding_marks",
            "imported_lines",
            "open_order_counts",
            "order_days",
            "order_traces",
            "orders",
            "position_adjustments",
            "position_snapshots",
            "positions",
            "venue_commands",
            "venue_requests",
        ),
        "account_id",
    ),
}
COSTS = UnitCosts(web=0.0005, engine=0.0004, database=0.0002, redis=0.00001)
_UNIQUE = """
SELECT coalesce((SELECT p.relname FROM pg_inherits h JOIN pg_class p ON p.oid = h.inhparent WHERE h.inhrelid = t.oid),
    t.relname) AS table,
  (SELECT array_agg(a.attname::text) FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attnum = ANY (i.indkey))
    AS columns
FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
WHERE i.indisunique AND t.relnamespace = 'public'::regnamespace
"""
_FOREIGN = """
SELECT t.relname AS table, f.relname AS other,
  (SELECT array_agg(a.attname::text) FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attnum = ANY (c.conkey))
    AS columns
FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class f ON f.oid = c.confrelid
WHERE c.contype = 'f' AND t.relnamespace = 'public'::regnamespace AND NOT t.relispartition
"""
_COLUMNS = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"


async def _breaches(url: str) -> dict[str, list[str]]:
    """The reasons by table against distributing it, or against making it a reference table."""
    connection = await asyncpg.connect(url)
    try:
        unique, foreign = await connection.fetch(_UNIQUE), await connection.fetch(_FOREIGN)
        columns = {(row["table_name"], row["column_name"]) for row in await connection.fetch(_COLUMNS)}
    finally:
        await connection.close()
    found: dict[str, set[str]] = defaultdict(set)
    for table, column in DISTRIBUTED.items():
        if (table, column) not in columns:
            found[table].add(f"has no `{column}`")
    for row in unique:
        table = row["table"]
        if table in DISTRIBUTED and DISTRIBUTED[table] not in row["columns"]:
            found[table].add(f"unique ({', '.join(sorted(row['columns']))})")
    for row in foreign:
        table, other = row["table"], row["other"]
        if other not in DISTRIBUTED:
            continue
        if table not in DISTRIBUTED:
            found[table].add(f"refers to `{other}`, which is distributed")
        elif DISTRIBUTED[table] not in row["columns"]:
            found[table].add(f"reference to `{other}` by ({', '.join(sorted(row['columns']))})")
    return {table: sorted(reasons) for table, reasons in sorted(found.items())}


async def test_no_constraint_prevents_distribution_of_a_table_by_account(database_url: str) -> None:
    assert await _breaches(database_url) == {}


async def test_a_row_references_only_orders_of_its_own_account(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        rows = await connection.fetch(
            "SELECT conrelid::regclass::text AS table, pg_get_constraintdef(oid) AS reference, convalidated "
            "FROM pg_constraint WHERE contype = 'f' AND confrelid = 'orders'::regclass AND conparentid = 0"
        )
    finally:
        await connection.close()
    said = "FOREIGN KEY (order_id, account_id) REFERENCES orders(id, account_id)"
    assert {row["table"] for row in rows} == {"account_events", "executions", "venue_commands", "venue_requests"}
    assert {row["reference"] for row in rows} == {said}
    assert all(row["convalidated"] for row in rows)


async def test_no_code_deletes_accounts(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        for statement in ("DELETE FROM accounts", "DELETE FROM accounts WHERE false", "TRUNCATE accounts CASCADE"):
            with pytest.raises(asyncpg.RestrictViolationError):
                await connection.execute(statement)
    finally:
        await connection.close()


def _whole_statements(source: str) -> Iterator[str]:
    """Statements with all their parts, whatever is filled in between."""
    tree = ast.parse(source)
    joined = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    texts = {" ".join(part.value for part in node.values if isinstance(part, ast.Constant)): node for node in joined}
    fragments = {part.value for node in joined for part in node.values if isinstance(part, ast.Constant)}
    yield from (text for text in (*texts, *(text for text in statements(source) if text not in fragments)))


def _unnamed() -> dict[str, set[str]]:
    """By module of statements, the distributed tables that a statement names without naming the account."""
    found: dict[str, set[str]] = defaultdict(set)
    for area in ("accounts", "positions", "orders"):
        for path in (ROOT / "domain" / area).rglob("*queries.py"):
            for statement in _whole_statements(path.read_text(encoding="utf-8")):
                tables = {table for table in DISTRIBUTED if re.search(rf"\b{table}\b", statement)}
                if tables and "account_id" not in statement and tables != {"accounts"}:
                    found[str(path.relative_to(ROOT))] |= tables
    return dict(found)


def test_the_page_lists_the_statements_without_an_account() -> None:
    section = PAGE.partition("## Statements and transactions\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([\w/]+\.py)` \| (.+) \|$", section, re.MULTILINE)
    assert {module: set(re.findall(r"`(\w+)`", tables)) for module, tables in rows} == _unnamed()


async def test_every_distributed_table_exists_and_is_on_the_page(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        tables = {row["tablename"] for row in await connection.fetch("SELECT tablename FROM pg_tables")}
    finally:
        await connection.close()
    assert set(DISTRIBUTED) <= tables
    section = PAGE.partition("## Distributed by account\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"`(\w+)`", section)) - {"account_id", "id"} == set(DISTRIBUTED)


def test_more_machines_do_not_raise_the_throughput_of_one_venue() -> None:
    one, ten = (simulate(COSTS, shape, 1_000) for shape in shapes()[:2])
    assert one == ten
    assert one.bound == "the busiest engine"
    assert one.orders_per_second == pytest.approx(FULL / COSTS.engine)


def test_more_shards_raise_throughput_up_to_the_number_of_processors() -> None:
    carried = []
    for shards in (1, 3, 10, 30):
        shape = Shape("", 100, 8, 1, shards, engines_share_venue=True)
        found = simulate(COSTS, shape, 10_000)
        assert found.orders_per_second <= 100 * 8 * FULL / COSTS.whole
        carried.append(found.orders_per_second)
    assert carried == sorted(carried)
    assert carried[-1] > 5 * carried[0]


def test_shards_do_not_raise_the_throughput_of_one_account() -> None:
    few, many = (Shape("", 10, 8, 1, shards, engines_share_venue=True) for shards in (1, 8))
    assert simulate(COSTS, few, 1) == simulate(COSTS, many, 1)
