"""Statistics of orders, by symbol and currency.

SQL: a report over all orders that match, in one statement.
"""

from domain.kernel.database import Row, fetch
from domain.orders.queries import FROM_ORDERS
from domain.orders.reading.search_queries import Where

_STATEMENT = """
WITH o AS MATERIALIZED (
  SELECT o.id, a.currency, o.status, o.closed_at, o.fees, o.created_at, i.symbol, i.multiplier, i.inverse,
    CASE o.side WHEN 'BUY' THEN 1 ELSE -1 END * (o.average_price - o.arrival_price)
      / NULLIF(abs(o.arrival_price), 0) * 10000 AS slippage
  {source} JOIN accounts a ON a.id = o.account_id WHERE {where}
), filled AS (
  SELECT x.order_id, count(*) AS executions, sum(x.quantity) AS quantity, sum(x.realized_pnl) AS realized_pnl,
    min(x.created_at) AS first_at,
    sum(x.fx_rate * CASE WHEN o.inverse THEN x.quantity * o.multiplier / x.price
      ELSE x.quantity * o.multiplier * abs(x.price) END) AS notional
  FROM o JOIN executions x ON x.order_id = o.id WHERE x.busted_at IS NULL GROUP BY x.order_id
)
SELECT o.symbol, o.currency, count(*) AS orders, count(*) FILTER (WHERE o.closed_at IS NULL) AS open,
  count(*) FILTER (WHERE o.status = 'FILLED') AS filled, count(*) FILTER (WHERE o.status = 'CANCELED') AS canceled,
  count(*) FILTER (WHERE o.status = 'REJECTED') AS rejected, count(*) FILTER (WHERE o.status = 'EXPIRED') AS expired,
  sum(o.fees) AS fees, COALESCE(sum(f.executions), 0)::bigint AS executions, COALESCE(sum(f.quantity), 0) AS quantity,
  COALESCE(sum(f.notional), 0) AS notional, COALESCE(sum(f.realized_pnl), 0) AS realized_pnl,
  count(f.order_id) AS begun, COALESCE(sum(extract(epoch FROM f.first_at - o.created_at)), 0) AS waited,
  COALESCE(sum(o.slippage * f.notional), 0) AS slipped,
  COALESCE(sum(f.notional) FILTER (WHERE o.slippage IS NOT NULL), 0) AS compared
FROM o LEFT JOIN filled f ON f.order_id = o.id GROUP BY o.symbol, o.currency ORDER BY o.symbol, o.currency
"""


async def read_statistics(where: Where) -> list[Row]:
    """A row of sums for each symbol and currency of the orders that match."""
    return await fetch(_STATEMENT.format(source=FROM_ORDERS, where=where), *where.arguments)
