"""How orders fared: counts, rates, costs and prices against those on arrival, in one statement.

What was taken back does not count. Money is summed as it is: over orders of several currencies it is no amount of any.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from domain.access.types import Actor
from domain.kernel.database import Row, fetch
from domain.kernel.numbers import ZERO, total
from domain.orders.queries import FROM_ORDERS
from domain.orders.reading.searching import OrderSearch, orders_where


@dataclass(frozen=True, slots=True)
class SymbolStatistics:
    """The executions of orders of one symbol; ``notional`` is what they were worth, ``realized_pnl`` gross of fees."""

    symbol: str
    orders: int
    executions: int
    quantity: Decimal
    notional: Decimal
    realized_pnl: Decimal


@dataclass(frozen=True, slots=True)
class OrderStatistics:
    """Rates are shares of all orders, None when there are none.

    ``average_seconds_to_first_fill`` is measured from placing to booking. ``average_slippage_bps`` compares what orders
    got with the far touch on their arrival, weighted by what they were worth: above zero is worse.
    """

    total: int
    open: int
    filled: int
    canceled: int
    rejected: int
    expired: int
    notional: Decimal
    fees: Decimal
    average_seconds_to_first_fill: float | None
    average_slippage_bps: float | None
    by_symbol: tuple[SymbolStatistics, ...]

    @property
    def fill_rate(self) -> float | None:
        """Share of orders that were filled completely."""
        return _share(self.filled, self.total)

    @property
    def cancel_rate(self) -> float | None:
        """Share of orders that were cancelled."""
        return _share(self.canceled, self.total)

    @property
    def reject_rate(self) -> float | None:
        """Share of orders that were rejected."""
        return _share(self.rejected, self.total)


_STATEMENT = """
WITH o AS MATERIALIZED (
  SELECT o.id, o.status, o.closed_at, o.fees, o.created_at, i.symbol, i.multiplier, i.inverse,
    CASE o.side WHEN 'BUY' THEN 1 ELSE -1 END * (o.average_price - o.arrival_price)
      / NULLIF(abs(o.arrival_price), 0) * 10000 AS slippage
  {source} WHERE {where}
), filled AS (
  SELECT x.order_id, count(*) AS executions, sum(x.quantity) AS quantity, sum(x.realized_pnl) AS realized_pnl,
    min(x.created_at) AS first_at,
    sum(x.fx_rate * CASE WHEN o.inverse THEN x.quantity * o.multiplier / x.price
      ELSE x.quantity * o.multiplier * abs(x.price) END) AS notional
  FROM o JOIN executions x ON x.order_id = o.id WHERE x.busted_at IS NULL GROUP BY x.order_id
)
SELECT o.symbol, count(*) AS orders, count(*) FILTER (WHERE o.closed_at IS NULL) AS open,
  count(*) FILTER (WHERE o.status = 'FILLED') AS filled, count(*) FILTER (WHERE o.status = 'CANCELED') AS canceled,
  count(*) FILTER (WHERE o.status = 'REJECTED') AS rejected, count(*) FILTER (WHERE o.status = 'EXPIRED') AS expired,
  sum(o.fees) AS fees, COALESCE(sum(f.executions), 0)::bigint AS executions, COALESCE(sum(f.quantity), 0) AS quantity,
  COALESCE(sum(f.notional), 0) AS notional, COALESCE(sum(f.realized_pnl), 0) AS realized_pnl,
  count(f.order_id) AS begun, COALESCE(sum(extract(epoch FROM f.first_at - o.created_at)), 0) AS waited,
  COALESCE(sum(o.slippage * f.notional), 0) AS slipped,
  COALESCE(sum(f.notional) FILTER (WHERE o.slippage IS NOT NULL), 0) AS compared
FROM o LEFT JOIN filled f ON f.order_id = o.id GROUP BY o.symbol ORDER BY o.symbol
"""


async def order_statistics(actor: Actor, search: OrderSearch) -> OrderStatistics:
    """How the orders fared that match and that the actor may see."""
    where = orders_where(actor, search)
    rows = await fetch(_STATEMENT.format(source=FROM_ORDERS, where=where), *where.arguments)
    return summarised(rows)


def summarised(rows: Sequence[Row]) -> OrderStatistics:
    """The whole of what the statement says of each symbol."""

    def count(name: str) -> int:
        return sum(row[name] for row in rows)

    def money(name: str) -> Decimal:
        return total(row[name] for row in rows)

    return OrderStatistics(
        total=count("orders"),
        open=count("open"),
        filled=count("filled"),
        canceled=count("canceled"),
        rejected=count("rejected"),
        expired=count("expired"),
        notional=money("notional"),
        fees=money("fees"),
        average_seconds_to_first_fill=_ratio(money("waited"), Decimal(count("begun"))),
        average_slippage_bps=_ratio(money("slipped"), money("compared")),
        by_symbol=tuple(
            SymbolStatistics(
                symbol=row["symbol"],
                orders=row["orders"],
                executions=row["executions"],
                quantity=row["quantity"],
                notional=row["notional"],
                realized_pnl=row["realized_pnl"],
            )
            for row in rows
        ),
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _ratio(amount: Decimal, weight: Decimal) -> float | None:
    return float(amount / weight) if weight != ZERO else None
