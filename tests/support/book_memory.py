"""Comparing books that a process remembers with what the database holds, and counting statements."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import fields

import asyncpg

from domain.accounts.queries import read_books
from domain.kernel.database import pool
from domain.kernel.time import utc_now
from domain.orders.deciding.activity import needs_of
from domain.orders.entry import book_memory
from domain.orders.entry.book_memory import BookMemory
from domain.positions.types import PositionBook
from domain.risk.types import RiskRule

# An acknowledgement raises the event sequence and changes nothing that is decided on.
_ACCOUNT = ("state", "cash", "reserved", "realized_pnl", "fees_paid", "transaction_sequence", "peak_equity", "version")
_POSITION = tuple(item.name for item in fields(PositionBook) if item.name not in ("changed", "updated_at"))


async def recalls_what_is_stored(memory: BookMemory, rules: Sequence[RiskRule]) -> int:
    """Assert that remembered books of a current version equal the database; returns their number."""
    stored, same = await read_books([book.account.id for book in memory]), 0
    for book in memory:
        if stored[book.account.id].version != book.account.version:
            continue
        same += 1
        read = await book_memory.read_books([book.account.id], book.covered, needs_of(rules), utc_now())
        found = read[book.account.id]
        assert [getattr(book.account, name) for name in _ACCOUNT] == [getattr(found.account, name) for name in _ACCOUNT]
        # A position that an order asked for and then did not need was never stored.
        kept = {
            key: row for key, row in book.positions.items() if key in found.positions or row.quantity or row.reserved
        }
        assert kept.keys() == found.positions.keys()
        for key, position in kept.items():
            there = found.positions[key]
            assert [getattr(position, name) for name in _POSITION] == [getattr(there, name) for name in _POSITION]
        for needed, name in (
            (book.needs.day, "day_orders"),
            (book.needs.day, "day_notional"),
            (book.needs.open_orders, "open_orders"),
            (book.needs.opposite, "resting"),
        ):
            assert not needed or getattr(book.activity, name) == getattr(found.activity, name), name
    return same


@asynccontextmanager
async def counted_statements() -> AsyncIterator[list[str]]:
    """The texts of all statements that this process sends in the context, without the driver's own."""
    sent: list[str] = []

    def note(record: asyncpg.connection.LoggedQuery) -> None:
        # A connection looks up the types of a statement that it meets for the first time.
        if "pg_catalog" not in record.query and "set_config('jit'" not in record.query:
            sent.append(record.query)

    whole = pool()
    async with AsyncExitStack() as stack:
        connections = [await stack.enter_async_context(whole.acquire()) for _ in range(whole.get_max_size())]
        for connection in connections:
            connection.add_query_logger(note)
    try:
        yield sent
    finally:
        async with AsyncExitStack() as stack:
            for _ in connections:
                connection = await stack.enter_async_context(whole.acquire())
                connection.remove_query_logger(note)
