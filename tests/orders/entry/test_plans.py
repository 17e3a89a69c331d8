"""Statements of the hot path find their orders by an index: they cost the same however many orders there are."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from domain.kernel.database import reading
from domain.orders import change_queries
from domain.orders.books.acknowledgements import queries as acknowledgement_queries
from domain.orders.entry import activity_queries

STATEMENTS = {
    "orders that calls name": (change_queries._BY_ID, "uuid[]", "'{}'"),
    "orders that calls name by client order ids": (change_queries._BY_CLIENT_ID, "uuid[], text[]", "'{}', '{}'"),
    "orders of groups": (change_queries._BY_GROUP, "uuid[]", "'{}'"),
    "best resting prices": (activity_queries._RESTING, "uuid[], text, text, text, int", "'{}', '', '', '', 1"),
    "orders that wait for a venue": (acknowledgement_queries._READ, "text", "'paper'"),
}


@pytest.mark.parametrize("name", STATEMENTS)
async def test_a_hot_statement_finds_orders_by_an_index(database: str, name: str) -> None:
    sql, kind, value = STATEMENTS[name]
    async with reading() as connection, connection.transaction():
        # A table is read from end to end only where no index serves the condition.
        await connection.execute("SET LOCAL enable_seqscan = off; SET LOCAL plan_cache_mode = force_generic_plan")
        await connection.execute(f"PREPARE hot({kind}) AS {sql}")
        (plan,) = json.loads(await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE hot({value})"))
        await connection.execute("DEALLOCATE hot")
    scans = [node for node in _nodes(plan["Plan"]) if node.get("Relation Name") == "orders"]
    assert scans
    assert all("Index Cond" in node or node["Node Type"] == "Bitmap Heap Scan" for node in scans), scans


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A node of a plan and all below it."""
    yield node
    for part in node.get("Plans", ()):
        yield from _nodes(part)
