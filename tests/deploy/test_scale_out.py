"""docs/scale-out.md is held to the schema: which tables could be distributed by account, and what keeps which from it.

The rules are those of Citus: every primary key, unique constraint and unique index of a distributed table has the
column by which it is distributed; so has every foreign key between two distributed tables, on both sides; a reference
table refers to no distributed one.
"""

import re
from collections import defaultdict
from typing import Any

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
            "open_order_counts",
            "order_days",
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
SELECT t.relname AS table, i.indexrelid::regclass::text AS name,
  (SELECT array_agg(a.attname::text) FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attnum = ANY (i.indkey))
    AS columns
FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
WHERE i.indisunique AND t.relnamespace = 'public'::regnamespace AND NOT t.relispartition
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
    """By table, what keeps it from being distributed, or from being a reference table beside those that are."""
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


def _written() -> dict[str, list[str]]:
    section = PAGE.partition("## What keeps which table from it\n")[2].partition("\n## ")[0]
    rows: Any = re.findall(r"^\| `(\w+)` \| (.+) \|$", section, re.MULTILINE)
    return {table: reasons.split("; ") for table, reasons in rows}


async def test_the_page_lists_what_the_schema_lacks_and_nothing_else(database_url: str) -> None:
    assert _written() == await _breaches(database_url)


def _unnamed() -> dict[str, set[str]]:
    """By module of statements, the distributed tables that a statement names without naming the account."""
    found: dict[str, set[str]] = defaultdict(set)
    for area in ("accounts", "positions", "orders"):
        for path in (ROOT / "domain" / area).rglob("*queries.py"):
            for statement in statements(path.read_text(encoding="utf-8")):
                tables = {table for table in DISTRIBUTED if re.search(rf"\b{table}\b", statement)}
                if tables and "account_id" not in statement and tables != {"accounts"}:
                    found[str(path.relative_to(ROOT))] |= tables
    return dict(found)


def test_the_page_lists_the_statements_that_do_not_name_the_account() -> None:
    section = PAGE.partition("## Statements and transactions\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([\w/]+\.py)` \| (.+) \|$", section, re.MULTILINE)
    assert {module: set(re.findall(r"`(\w+)`", tables)) for module, tables in rows} == _unnamed()


async def test_every_distributed_table_is_there_and_the_page_names_it(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        tables = {row["tablename"] for row in await connection.fetch("SELECT tablename FROM pg_tables")}
    finally:
        await connection.close()
    assert set(DISTRIBUTED) <= tables
    section = PAGE.partition("## Distributed by account\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"`(\w+)`", section)) - {"account_id", "id"} == set(DISTRIBUTED)


def test_one_venue_carries_no_more_with_more_machines() -> None:
    one, ten = (simulate(COSTS, shape, 1_000) for shape in shapes()[:2])
    assert one == ten
    assert one.bound == "the busiest engine"
    assert one.orders_per_second == pytest.approx(FULL / COSTS.engine)


def test_more_shards_carry_more_and_never_more_than_the_processors() -> None:
    carried = []
    for shards in (1, 3, 10, 30):
        shape = Shape("", 100, 8, 1, shards, engines_share_venue=True)
        found = simulate(COSTS, shape, 10_000)
        assert found.orders_per_second <= 100 * 8 * FULL / COSTS.whole
        carried.append(found.orders_per_second)
    assert carried == sorted(carried)
    assert carried[-1] > 5 * carried[0]


def test_one_account_alone_gains_nothing_from_shards() -> None:
    few, many = (Shape("", 10, 8, 1, shards, engines_share_venue=True) for shards in (1, 8))
    assert simulate(COSTS, few, 1) == simulate(COSTS, many, 1)
