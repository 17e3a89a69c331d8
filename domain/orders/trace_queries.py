"""The traces of orders: the span of the request that placed an order, while requests are traced.

SQL: written in the statement that places orders, read for all orders of a venue's step at once.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from domain.kernel.database import fetch
from domain.kernel.rows import Record, insertion
from domain.kernel.unit_of_work import UnitOfWork
from domain.orders.model.order import Order

INSERT_TRACES = insertion(
    "order_traces",
    {**dict.fromkeys(("account_id", "order_id"), "uuid"), "traceparent": "text", "created_at": "timestamptz"},
)


def trace_of(order: Order, traceparent: str, now: datetime) -> Record:
    """The row that names the span below which everything that becomes of ``order`` is recorded."""
    return {"account_id": order.account_id, "order_id": order.id, "traceparent": traceparent, "created_at": now}


async def read_traces(orders: Collection[Order]) -> dict[UUID, str]:
    """The spans of those orders that were placed by a traced request."""
    rows = await fetch(
        "SELECT t.order_id, t.traceparent FROM unnest($1::uuid[], $2::uuid[]) AS n (account_id, order_id) "
        "JOIN order_traces t ON t.account_id = n.account_id AND t.order_id = n.order_id",
        [order.account_id for order in orders],
        [order.id for order in orders],
    )
    return {row["order_id"]: row["traceparent"] for row in rows}


async def forget_traces(work: UnitOfWork, before: datetime, limit: int) -> int:
    """Remove at most ``limit`` traces from before a moment, of orders that are over; returns their number."""
    rows = await work.fetch(
        "DELETE FROM order_traces WHERE (account_id, order_id) IN (SELECT t.account_id, t.order_id "
        "FROM order_traces t JOIN orders o ON o.account_id = t.account_id AND o.id = t.order_id "
        "WHERE t.created_at < $1 AND o.closed_at IS NOT NULL LIMIT $2) RETURNING 1",
        before,
        limit,
    )
    return len(rows)
