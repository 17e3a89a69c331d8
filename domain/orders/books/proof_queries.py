"""Reads of a proof of the books, in a transaction that shows one moment.

SQL: sums over all orders of an account, and its executions run by run.
"""

from collections.abc import AsyncIterator
from uuid import UUID

from domain.kernel.database import Connection
from domain.orders import queries
from domain.orders.model.order import Execution

# Executions, or transactions, that are read at once: others are served between two runs.
RUN = 250
WORKING = """
SELECT instrument_id, side = 'BUY' AS buys, sum(reserved_quantity) AS quantity, sum(reserved_margin) AS margin,
  sum(CASE WHEN reduce_only OR position_effect IN ('CLOSE', 'CLOSE_TODAY') THEN reserved_quantity ELSE 0 END) AS exits
FROM orders WHERE account_id = $1 GROUP BY 1, 2
"""
FILLED = """
SELECT id, filled_quantity, fees, fee_due, tax_due FROM orders
WHERE account_id = $1 AND (filled_quantity <> 0 OR execution_count <> 0)
"""
# What may still fill counts, once for orders that exclude each other; while a change is pending, it may count for more.
MISCOUNTED = """
SELECT (array_agg(id ORDER BY id))[1] AS id, sum(reserved_quantity) AS booked, max(may_fill) AS derived FROM (
  SELECT id, group_id, contingency, side, reserved_quantity, pending_changes,
    CASE WHEN closed_at IS NULL AND status <> 'HELD' THEN quantity - filled_quantity ELSE 0 END AS may_fill
  FROM orders WHERE account_id = $1
) AS o
GROUP BY CASE WHEN contingency IN ('OCO', 'OUO') THEN group_id ELSE id END, side
HAVING sum(reserved_quantity) <> max(may_fill) AND bool_and(pending_changes IS NULL)
"""


async def runs_of(connection: Connection, account_id: UUID) -> AsyncIterator[list[Execution]]:
    """The valid executions of an account, oldest first, in runs."""
    after = 0
    while rows := await connection.fetch(
        f"SELECT {queries.SELECT_EXECUTION} {queries.FROM_EXECUTIONS} "
        "WHERE e.account_id = $1 AND e.sequence > $2 AND e.busted_at IS NULL ORDER BY e.sequence LIMIT $3",
        account_id,
        after,
        RUN,
    ):
        run = [queries.to_execution(row) for row in rows]
        yield run
        after = run[-1].sequence
