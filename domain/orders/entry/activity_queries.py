"""Reads and writes of the figures that limits count: orders of the day, recent ones, working ones.

SQL: the hot path of placing orders; one statement for all that limits count.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from domain.accounts.types import AccountBook
from domain.kernel.database import Row
from domain.kernel.ids import first_id
from domain.kernel.rows import Write
from domain.kernel.unit_of_work import UnitOfWork, Writing
from domain.orders.deciding.activity import MAX_RESTING_PRICES, ActivityNeeds, OrderActivity, sameness
from domain.orders.deciding.trading_book import TradingBook
from domain.orders.model.order import Order
from domain.orders.model.types import OrderType, Side
from domain.orders.queries import FROM_ORDERS, SELECT_ORDER, to_order

# Orders that were refused here did not trade; what a venue refused was sent to it.
_COUNTS = "(o.reject_reason IS NULL OR o.reject_reason = 'VENUE_REJECTED')"
# One kind of row for all that is asked: what it is, and the columns that the kind fills.
_DAY = """
SELECT 'day' AS part, d.account_id, d.symbol, d.strategy, NULL::text AS side, NULL::text AS type, d.orders AS count,
  d.notional AS amount, NULL::numeric AS limit_price, NULL::numeric AS stop_price, NULL::numeric AS trailing_offset,
  NULL::numeric AS limit_offset, d.since AS at
FROM order_days d JOIN unnest($1::uuid[], $2::timestamptz[]) AS a (id, since)
  ON d.account_id = a.id AND d.since = a.since
"""
# The database counts them as they come and go: counting a hundred thousand anew would take longer than all the rest.
_OPEN = """
SELECT 'open', c.account_id, i.symbol, c.strategy, NULL, NULL, c.orders, NULL, NULL, NULL, NULL, NULL, NULL
FROM open_order_counts c JOIN instruments i ON i.id = c.instrument_id
WHERE c.account_id = ANY($1) AND c.orders > 0
"""
# The condition of an order that rests in a book; the index of resting prices has all but the status.
RESTS = (
    "o.closed_at IS NULL AND o.limit_price IS NOT NULL "
    "AND (o.type IN ('LIMIT', 'MARKET_TO_LIMIT') OR o.triggered_at IS NOT NULL) AND o.status <> 'HELD'"
)
# The best prices of each instrument and side: an account may have a hundred thousand.
_BEST = f"""
(SELECT '{{side}}' AS side, o.limit_price FROM orders o
WHERE o.account_id = c.account_id AND o.instrument_id = c.instrument_id AND o.side = '{{side}}' AND {RESTS}
ORDER BY o.limit_price {{order}} LIMIT $5::int)
"""
_RESTING = f"""
SELECT 'rest', c.account_id, i.symbol, '', r.side, NULL, 0, NULL, r.limit_price, NULL, NULL, NULL, NULL
FROM (SELECT DISTINCT account_id, instrument_id FROM open_order_counts WHERE account_id = ANY($1) AND orders > 0) c
JOIN instruments i ON i.id = c.instrument_id CROSS JOIN LATERAL (
  {_BEST.format(side="BUY", order="DESC")} UNION ALL {_BEST.format(side="SELL", order="ASC")}
) r
"""
# Identifiers begin with the time at which they were made, so the pages' index finds the recent ones.
_RECENT = f"""
SELECT 'recent', o.account_id, i.symbol, coalesce(o.strategy, ''), o.side, o.type, 1, o.quantity, o.limit_price,
  o.stop_price, o.trailing_offset, o.limit_offset, o.created_at
FROM orders o JOIN instruments i ON i.id = o.instrument_id
WHERE o.account_id = ANY($1) AND o.id > $3 AND o.created_at > $4 AND {_COUNTS}
"""
_ADD = Write(
    "order_days",
    "INSERT INTO order_days AS d (account_id, symbol, strategy, since, orders, notional) "
    "SELECT n.account_id, n.symbol, n.strategy, n.since, n.orders, n.notional FROM {rows} "
    "ON CONFLICT (account_id, symbol, strategy) DO UPDATE SET since = EXCLUDED.since, "
    "orders = EXCLUDED.orders + CASE WHEN d.since = EXCLUDED.since THEN d.orders ELSE 0 END, "
    "notional = EXCLUDED.notional + CASE WHEN d.since = EXCLUDED.since THEN d.notional ELSE 0 END",
    {
        "account_id": "uuid",
        "symbol": "text",
        "strategy": "text",
        "since": "timestamptz",
        "orders": "bigint",
        "notional": "numeric",
    },
)


class Fetch(Protocol):
    """A reader inside or outside of a transaction."""

    async def __call__(self, sql: str, *arguments: object) -> list[Row]:
        """The rows that a statement returns."""
        ...


async def load_activity(
    fetch: Fetch,
    books: Mapping[UUID, AccountBook],
    needs: ActivityNeeds,
    now: datetime,
    max_prices: int | None = MAX_RESTING_PRICES,
) -> dict[UUID, OrderActivity]:
    """The needed activity of accounts, in one statement, or in none when nothing is needed.

    ``max_prices`` is the number of resting prices of an instrument and side that are read, the best ones; None: all.
    """
    found = {account_id: OrderActivity(needs) for account_id in books}
    if not needs.anything or not books:
        return found
    since = now - needs.window if needs.window is not None else None
    parts = [
        *([_DAY] if needs.day else []),
        *([_OPEN] if needs.open_orders else []),
        *([_RESTING] if needs.opposite else []),
        *([_RECENT] if since is not None else []),
    ]
    rows = await fetch(
        # The first part names the columns.
        f"{_DAY} AND $3::uuid IS NOT NULL AND $4::timestamptz IS NOT NULL AND $5::int IS NOT NULL "
        "AND false UNION ALL " + " UNION ALL ".join(parts) + " ORDER BY at",
        list(books),
        [book.rolled_at for book in books.values()],
        first_id(since or now),
        since or now,
        max_prices,
    )
    for row in rows:
        _READERS[row["part"]](found[row["account_id"]], row)
    if max_prices is not None:
        for activity in found.values():
            activity.note_floors(max_prices)
    return found


def _read_day(activity: OrderActivity, row: Row) -> None:
    activity.day_orders.add(row["symbol"], row["strategy"], Decimal(row["count"]))
    activity.day_notional.add(row["symbol"], row["strategy"], row["amount"])


def _read_open(activity: OrderActivity, row: Row) -> None:
    activity.open_orders.add(row["symbol"], row["strategy"], Decimal(row["count"]))


def _read_resting(activity: OrderActivity, row: Row) -> None:
    activity.rest(row["symbol"], Side(row["side"]), row["limit_price"])


def _read_recent(activity: OrderActivity, row: Row) -> None:
    symbol, strategy, at = row["symbol"], row["strategy"], row["at"]
    activity.recent.add(symbol, strategy, at)
    numbers = (row["amount"], row["limit_price"], row["stop_price"], row["trailing_offset"], row["limit_offset"])
    activity.same[sameness(symbol, Side(row["side"]), OrderType(row["type"]), *numbers)].add(symbol, strategy, at)


_READERS: dict[str, Any] = {"day": _read_day, "open": _read_open, "rest": _read_resting, "recent": _read_recent}


async def load_resting(
    work: UnitOfWork, account_id: UUID, symbol: str, side: Side, bound: Decimal | None
) -> list[Order]:
    """Resting orders of a locked account at ``bound`` or better, None: at any price; in the order of placing."""
    rows = await work.fetch(
        f"SELECT {SELECT_ORDER} {FROM_ORDERS} WHERE o.account_id = $1 AND i.symbol = $2 AND o.side = $3 AND {RESTS} "
        f"AND ($4::numeric IS NULL OR o.limit_price {'>=' if side is Side.BUY else '<='} $4) ORDER BY o.id",
        account_id,
        symbol,
        side.value,
        bound,
    )
    return [to_order(row) for row in rows]


async def add_activity(work: Writing, books: Iterable[TradingBook]) -> None:
    """Add a transaction's orders to the counts of the day, also when no limit needs them now."""
    await work.write(
        _ADD,
        [
            {
                "account_id": book.account.id,
                "symbol": symbol,
                "strategy": strategy,
                "since": book.account.rolled_at,
                "orders": count.orders,
                "notional": count.notional,
            }
            for book in books
            if book.activity is not None
            for (symbol, strategy), count in book.activity.added.items()
        ],
    )
