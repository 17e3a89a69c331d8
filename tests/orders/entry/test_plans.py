"""Statements of the hot path find their rows by an index or a place: they cost the same however many rows there are."""

import asyncio
import json
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from adapters.database.connection import LONGEST_KEPT_STATEMENT
from domain.kernel.database import Connection, pool, reading
from domain.orders import change_queries, queries
from domain.orders.books.acknowledgements import queries as acknowledgement_queries
from domain.orders.entry import activity_queries
from domain.orders.venues.queries import read_by_venue_ids
from tests.orders.factories import command
from tests.support.book_memory import counted_statements
from tests.support.trading import Platform

STATEMENTS = {
    "orders that calls name": (change_queries._BY_ID, "uuid[]", "'{}'"),
    "orders that calls name by client order ids": (change_queries._BY_CLIENT_ID, "uuid[], text[]", "'{}', '{}'"),
    "orders of groups": (change_queries._BY_GROUP, "uuid[]", "'{}'"),
    "what decisions under a lock look at": (
        queries._PRE_TRADE_STATE,
        "uuid[], uuid[], uuid[], text[]",
        "'{}', '{}', '{}', '{}'",
    ),
    "best resting prices": (activity_queries._RESTING, "uuid[], text, text, text, int", "'{}', '', '', '', 1"),
    "orders that wait for a venue": (acknowledgement_queries._READ, "text", "'paper'"),
}


@pytest.mark.parametrize("name", STATEMENTS)
async def test_a_hot_statement_finds_orders_by_an_index(database: str, name: str) -> None:
    async with reading() as connection, connection.transaction():
        # A table is read from end to end only where no index serves the condition.
        await connection.execute("SET LOCAL enable_seqscan = off")
        scans = await scans_of(connection, *STATEMENTS[name])
    scans = [node for node in scans if node["Relation Name"] == "orders"]
    assert scans
    assert all("Index Cond" in node or node["Node Type"] == "Bitmap Heap Scan" for node in scans), scans


@pytest.mark.parametrize("guard", ["take_acknowledged", "change_orders_as_read"])
async def test_a_guard_finds_orders_at_their_places_also_by_a_plan_of_an_empty_table(database: str, guard: str) -> None:
    async with reading() as connection, connection.transaction():
        function = await connection.fetchrow("SELECT prosrc, proconfig FROM pg_proc WHERE proname = $1", guard)
        assert function is not None
        update = re.search(r"UPDATE orders .*?(?=;)", function["prosrc"])
        assert update is not None
        await connection.execute("ANALYZE orders")
        for setting in function["proconfig"]:
            await connection.execute("SET LOCAL " + setting.replace("=", " = "))
        sql = update.group().replace("json_to_recordset(orders)", "json_to_recordset($1::json)")
        scans = await scans_of(connection, sql, "json", "'[]'")
    assert [node["Node Type"] for node in scans if node["Relation Name"] == "orders"] == ["Tid Scan"]


@pytest.mark.parametrize("count", [1, 12])
@pytest.mark.parametrize("others", [1_000, 5_000])
async def test_few_accounts_among_thousands_are_written_by_their_keys(
    quiet_desk: Platform, count: int, others: int
) -> None:
    opened = [await quiet_desk.open_account("100000") for _ in range(count)]
    place = quiet_desk.services.entry.place_orders
    async with counted_statements() as sent:
        await asyncio.gather(*(place(owner, [command(account_id=book.id)]) for owner, book in opened))
    (writing,) = [sql for sql in sent if "lock_current_accounts" in sql]
    assert ("json_to_record(" in writing) == (count > 1)
    assert len(writing) < LONGEST_KEPT_STATEMENT, "the driver would prepare it anew each time"
    async with reading() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(
            "INSERT INTO accounts SELECT (jsonb_populate_record(a, jsonb_build_object('id', gen_random_uuid()))).* "
            "FROM accounts a CROSS JOIN generate_series(1, $1::int) LIMIT $1",
            others,
        )
        await connection.execute("ANALYZE accounts")
        rows = writing.count("::json)")
        types, values = ", json" * rows, ", '[]'" * rows
        scans = await scans_of(
            connection, writing, f"uuid[], bigint[], text[], bigint[]{types}", f"'{{}}', '{{}}', '{{}}', '{{}}'{values}"
        )
        await transaction.rollback()
    scans = [node for node in scans if node["Relation Name"] == "accounts"]
    assert any("Index Cond" in node for node in scans)
    assert all(node["Node Type"] != "Seq Scan" for node in scans), scans


async def test_the_check_of_a_reference_to_an_order_finds_it_by_its_key_at_any_size_of_the_table(
    quiet_desk: Platform,
) -> None:
    # As PostgreSQL asks it for each row that refers to an order, by a plan that it keeps for the session.
    check = "SELECT 1 FROM ONLY orders x WHERE id = $1 AND account_id = $2 FOR KEY SHARE OF x"
    for _ in range(8):
        owner, book = await quiet_desk.open_account("100000")
        await quiet_desk.services.entry.place_orders(owner, [command(account_id=book.id)])
    seen = set()
    async with reading() as connection:
        transaction = connection.transaction()
        await transaction.start()
        # Another test may have left statistics of an empty table.
        await connection.execute("SET LOCAL enable_seqscan = off")
        first = [row["id"] for row in await connection.fetch("SELECT id FROM orders")]
        # Identifiers of the lengths that clients give: an index of short ones has fewer levels than the key.
        for number in range(60):
            seen |= {node["Index Name"] for node in await scans_of(connection, check, "uuid, uuid", "NULL, NULL")}
            await connection.execute(
                "INSERT INTO orders SELECT (jsonb_populate_record(o, jsonb_build_object('id', gen_random_uuid(), "
                "'client_order_id', $2::text))).* FROM orders o WHERE id = ANY($1)",
                first,
                f"c{number}",
            )
        await transaction.rollback()
    assert seen <= {"orders_pkey", "orders_account"}


async def test_the_id_of_a_real_venue_is_noted_and_found_whoever_writes_it(quiet_desk: Platform) -> None:
    owner, book = await quiet_desk.open_account("100000")
    (placed,) = await quiet_desk.services.entry.place_orders(owner, [command(account_id=book.id)])
    write = "UPDATE orders SET venue = $2, venue_order_id = $3 WHERE id = $1 RETURNING remote_order_id"
    async with pool().acquire() as connection:
        assert await connection.fetchval(write, placed.order.id, "paper", str(placed.order.id)) is None
        assert await connection.fetchval(write, placed.order.id, "elsewhere", "7") == "7"
        assert await connection.fetchval(write, placed.order.id, "elsewhere", "8") == "8"
    assert await read_by_venue_ids("elsewhere", ["7", "8"]) == {"8": placed.order.id}
    assert await read_by_venue_ids("another", ["8"]) == {}


async def test_ids_of_real_venues_that_were_stored_before_are_noted(quiet_desk: Platform) -> None:
    owner, book = await quiet_desk.open_account("100000")
    placed = await quiet_desk.services.entry.place_orders(owner, [command(account_id=book.id)] * 2)
    old, paper = (row.order.id for row in placed)
    migration = import_module("migrations.0059_remote_order_ids_noted")
    async with pool().acquire() as connection:
        await connection.execute("ALTER TABLE orders DISABLE TRIGGER orders_note_remote_id")
        try:
            write = "UPDATE orders SET venue = $2, venue_order_id = $3 WHERE id = $1"
            await connection.execute(write, old, "elsewhere", "7")
            await connection.execute(write, paper, "paper", str(paper))
        finally:
            await connection.execute("ALTER TABLE orders ENABLE TRIGGER orders_note_remote_id")
        assert await read_by_venue_ids("elsewhere", ["7"]) == {}
        await connection.execute(migration._NOTE)
        rows = await connection.fetch("SELECT id, remote_order_id FROM orders WHERE account_id = $1", book.id)
    assert {row["id"]: row["remote_order_id"] for row in rows} == {old: "7", paper: None}
    assert await read_by_venue_ids("elsewhere", ["7"]) == {"7": old}


async def test_pending_changes_and_acknowledgements_change_no_index_of_orders(database: str) -> None:
    async with reading() as connection:
        rows = await connection.fetch(
            "SELECT DISTINCT a.attname FROM pg_index i JOIN pg_depend d ON d.objid = i.indexrelid "
            "JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid "
            "WHERE i.indrelid = 'orders'::regclass AND d.refobjid = 'orders'::regclass"
        )
    indexed = {row["attname"] for row in rows}
    assert {"account_id", "closed_at", "placed_by", "remote_order_id"} <= indexed
    # An order that a venue has taken as it was placed has the same prices as before.
    taken = set(acknowledgement_queries.ACKNOWLEDGED) - {"limit_price", "stop_price"}
    assert not indexed & (taken | set(change_queries._CHANGE_COLUMNS))


async def scans_of(connection: Connection, sql: str, types: str, values: str) -> list[dict[str, Any]]:
    """The nodes of a statement's generic plan that read a table."""
    await connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
    await connection.execute(f"PREPARE hot({types}) AS {sql}")
    (plan,) = json.loads(await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE hot({values})"))
    await connection.execute("DEALLOCATE hot")
    return [node for node in _nodes(plan["Plan"]) if "Scan" in node["Node Type"] and "Relation Name" in node]


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A node of a plan and all below it."""
    yield node
    for part in node.get("Plans", ()):
        yield from _nodes(part)
