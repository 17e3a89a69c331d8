"""The conduct of accounts within seconds and minutes of a day.

SQL: one report over all orders, cancels and executions of a day, with windows of one second and of one minute.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from domain.kernel.database import fetch
from domain.kernel.ids import first_id
from domain.kernel.time import Nanos
from domain.orders.model.types import Side

MAX_ACCOUNTS = 500
# A venue tells of executions so late at most.
LATE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class BusiestMinute:
    """The minute in which an account took most in one symbol on one side.

    ``notional`` is in the account's currency, ``share`` of all that was taken there on that side on this platform, and
    ``move`` the symbol's price from the minute before, as a ratio.
    """

    at: datetime
    symbol: str
    side: Side
    notional: Decimal
    share: float
    move: float


@dataclass(frozen=True, slots=True)
class Conduct:
    """An account's day. ``peak`` is the most orders and cancels within one second, the last of them at ``peak_at``.

    ``instant_cancels`` are orders that were cancelled within a second. ``pushes`` counts minutes in which a symbol's
    price moved in the direction of the account's taking, which had a part in what traded.
    """

    account_id: UUID
    orders: int
    cancels: int
    peak: int
    peak_at: datetime | None
    instant_cancels: int
    pushes: int
    minute: BusiestMinute | None


_MINUTE = 60_000_000_000
_CONDUCT = f"""
WITH placed AS (
  SELECT account_id, id, created_at AS at FROM orders
  WHERE id >= $5 AND id < $6 AND created_at >= $1 AND created_at < $2 AND ($3::uuid IS NULL OR account_id = $3)
), canceled AS (
  SELECT account_id, order_id, at FROM account_events
  WHERE at >= $1 AND at < $2 AND kind = 'CANCELED' AND ($3::uuid IS NULL OR account_id = $3)
), messages AS (
  SELECT account_id, at FROM placed UNION ALL SELECT account_id, at FROM canceled
), rates AS (
  SELECT account_id, at, count(*) OVER (
    PARTITION BY account_id ORDER BY at RANGE BETWEEN interval '999999 microseconds' PRECEDING AND CURRENT ROW
  ) AS number FROM messages
), peaks AS (
  SELECT DISTINCT ON (account_id) account_id, at, number FROM rates ORDER BY account_id, number DESC, at
), instants AS (
  SELECT c.account_id, count(*) AS number FROM canceled c JOIN orders o ON o.id = c.order_id
  WHERE c.at - o.created_at <= interval '1 second' GROUP BY c.account_id
), fills AS (
  SELECT e.id, e.account_id, e.instrument_id, e.side, e.price, e.quantity, e.at_nanos, e.at_nanos / {_MINUTE} AS minute,
    e.liquidity = 'TAKER' AS takes, e.fx_rate * CASE WHEN i.inverse THEN e.quantity * i.multiplier / nullif(e.price, 0)
      ELSE e.quantity * i.multiplier * abs(e.price) END AS notional
  FROM executions e JOIN instruments i ON i.id = e.instrument_id
  WHERE e.id >= $5 AND e.id < $7 AND e.at_nanos >= $8 AND e.at_nanos < $9 AND e.busted_at IS NULL
), minutes AS (
  SELECT instrument_id, minute, sum(quantity) AS quantity, (array_agg(price ORDER BY at_nanos, id))[1] AS opens,
    (array_agg(price ORDER BY at_nanos DESC, id DESC))[1] AS closes FROM fills GROUP BY instrument_id, minute
), moves AS (
  SELECT *, closes / nullif(coalesce(
    lag(closes) OVER (PARTITION BY instrument_id ORDER BY minute), opens), 0) - 1 AS move
  FROM minutes
), taken AS (
  SELECT account_id, instrument_id, minute, side, sum(quantity) AS quantity, sum(notional) AS notional,
    sum(sum(quantity)) OVER (PARTITION BY instrument_id, minute, side) AS of_all
  FROM fills WHERE takes GROUP BY account_id, instrument_id, minute, side
), parts AS (
  SELECT t.*, m.move, t.quantity / m.quantity AS part,
    coalesce(m.move * CASE t.side WHEN 'BUY' THEN 1 ELSE -1 END >= $4, false) AS pushed
  FROM taken t JOIN moves m USING (instrument_id, minute) WHERE $3::uuid IS NULL OR t.account_id = $3
), pushes AS (
  SELECT account_id, count(DISTINCT (instrument_id, minute)) AS number FROM parts
  WHERE pushed AND part >= $10 GROUP BY account_id
), busiest AS (
  SELECT DISTINCT ON (account_id) * FROM parts ORDER BY account_id, notional DESC, minute
)
SELECT a.id AS account_id, coalesce(o.number, 0) AS orders, coalesce(c.number, 0) AS cancels,
  coalesce(p.number, 0) AS peak, p.at AS peak_at, coalesce(n.number, 0) AS instant_cancels,
  coalesce(u.number, 0) AS pushes, b.minute, i.symbol, b.side, b.notional,
  b.quantity / b.of_all AS share, coalesce(b.move, 0) AS move
FROM accounts a
LEFT JOIN (SELECT account_id, count(*) AS number FROM placed GROUP BY account_id) o ON o.account_id = a.id
LEFT JOIN (SELECT account_id, count(*) AS number FROM canceled GROUP BY account_id) c ON c.account_id = a.id
LEFT JOIN peaks p ON p.account_id = a.id LEFT JOIN instants n ON n.account_id = a.id
LEFT JOIN pushes u ON u.account_id = a.id LEFT JOIN busiest b ON b.account_id = a.id
LEFT JOIN instruments i ON i.id = b.instrument_id
WHERE p.account_id IS NOT NULL OR b.account_id IS NOT NULL
ORDER BY peak DESC, a.id LIMIT {MAX_ACCOUNTS + 1}
"""


async def read_conduct(
    since: datetime, until: datetime, account_id: UUID | None, push_move: float, push_share: float
) -> list[Conduct]:
    """The conduct of accounts within a time range; at most 501, most messages in a second first."""
    rows = await fetch(
        _CONDUCT,
        since,
        until,
        account_id,
        push_move,
        first_id(since),
        first_id(until),
        first_id(until + LATE),
        Nanos.of(since),
        Nanos.of(until),
        push_share,
    )
    return [
        Conduct(
            account_id=row["account_id"],
            orders=row["orders"],
            cancels=row["cancels"],
            peak=row["peak"],
            peak_at=row["peak_at"],
            instant_cancels=row["instant_cancels"],
            pushes=row["pushes"],
            minute=BusiestMinute(
                at=Nanos(row["minute"] * _MINUTE).to_datetime(),
                symbol=row["symbol"],
                side=Side(row["side"]),
                notional=row["notional"],
                share=float(row["share"]),
                move=float(row["move"]),
            )
            if row["minute"] is not None
            else None,
        )
        for row in rows
    ]
