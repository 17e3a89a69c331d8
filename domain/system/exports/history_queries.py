"""Reads of an account's whole history, in a transaction that shows one moment.

SQL: cash movements that follow from no order, and the names of orders, run by run.
"""

from collections.abc import AsyncIterator, Collection
from uuid import UUID

from domain.accounts.queries import READ_RUN, to_transaction
from domain.accounts.types import Transaction
from domain.kernel.database import Connection, Row, fetch_row
from domain.orders.books.proof_queries import RUN

_ADJUSTED = "SELECT EXISTS (SELECT FROM position_adjustments WHERE account_id = $1) AS adjusted"
_ORDERS = "SELECT id, client_order_id, strategy FROM orders WHERE id = ANY($1::uuid[])"


async def was_adjusted(account_id: UUID) -> bool:
    """True if a corporate action or a settlement changed a position of the account."""
    row = await fetch_row(_ADJUSTED, account_id)
    return row is not None and bool(row["adjusted"])


async def read_order_names(connection: Connection, order_ids: Collection[UUID]) -> dict[UUID, Row]:
    """The client order ids and strategies of orders."""
    return {row["id"]: row for row in await connection.fetch(_ORDERS, list(order_ids))}


async def cash_movements(connection: Connection, account_id: UUID) -> AsyncIterator[Transaction]:
    """The ledger's rows that belong to no order, oldest first."""
    after = 0
    while rows := await connection.fetch(READ_RUN, account_id, after, RUN):
        for row in rows:
            if row["order_id"] is None:
                yield to_transaction(row)
        after = rows[-1]["sequence"]
