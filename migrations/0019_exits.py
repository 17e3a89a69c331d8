"""Of what working orders would do to a position, the part that can only reduce it: it holds back fees alone.

What is held back is worked out again as from now on: exits need no margin, and an order that goes through zero only
needs it for what it opens beyond what it closes.
"""

from decimal import Decimal

from tortoise import migrations
from tortoise.migrations import operations as ops

from domain.kernel.fields import NumericField

_SPLIT = """
UPDATE positions AS p SET
  exit_buy = e.buys, exit_sell = e.sells,
  working_buy_margin = p.working_buy_margin - e.buy_margin, working_sell_margin = p.working_sell_margin - e.sell_margin
FROM (
  SELECT o.account_id, o.instrument_id,
    CASE WHEN a.position_mode = 'NETTING' THEN 'NET' WHEN o.side = 'BUY' THEN 'SHORT' ELSE 'LONG' END AS bucket,
    coalesce(sum(o.working_quantity) FILTER (WHERE o.side = 'BUY'), 0) AS buys,
    coalesce(sum(o.working_quantity) FILTER (WHERE o.side = 'SELL'), 0) AS sells,
    coalesce(sum(o.reserved_margin) FILTER (WHERE o.side = 'BUY'), 0) AS buy_margin,
    coalesce(sum(o.reserved_margin) FILTER (WHERE o.side = 'SELL'), 0) AS sell_margin
  FROM orders o JOIN accounts a ON a.id = o.account_id
  WHERE o.closed_at IS NULL AND (o.reduce_only OR o.position_effect IN ('CLOSE', 'CLOSE_TODAY'))
  GROUP BY 1, 2, 3
) AS e
WHERE p.account_id = e.account_id AND p.instrument_id = e.instrument_id AND p.bucket = e.bucket
"""
_ORDERS = """
UPDATE orders SET reserved_margin = 0
WHERE closed_at IS NULL AND (reduce_only OR position_effect IN ('CLOSE', 'CLOSE_TODAY')) AND reserved_margin <> 0
"""
# The formula of domain/positions/reservation.py; parts of a margin are rounded up to twelve decimals.
_POSITIONS = """
WITH opening AS (
  SELECT p.id, p.quantity, abs(p.quantity) AS size, p.working_buy_margin, p.working_sell_margin, p.working_fees,
    p.exit_buy, p.exit_sell, p.working_buy - p.exit_buy AS buys, p.working_sell - p.exit_sell AS sells
  FROM positions p JOIN accounts a ON a.id = p.account_id
  WHERE a.kind = 'MARGIN' AND (p.working_buy <> 0 OR p.working_sell <> 0)
), growth AS (
  SELECT opening.*,
    greatest(0, CASE WHEN quantity < 0 THEN least(0, quantity + exit_buy) ELSE quantity END + buys - size) AS up,
    greatest(0, sells - CASE WHEN quantity > 0 THEN greatest(0, quantity - exit_sell) ELSE quantity END - size) AS down
  FROM opening
)
UPDATE positions AS p SET reserved = g.working_fees + greatest(
  CASE WHEN g.up = g.buys THEN g.working_buy_margin
    ELSE ceil(g.working_buy_margin * g.up * 1e12 / g.buys) / 1e12 END,
  CASE WHEN g.down = g.sells THEN g.working_sell_margin
    ELSE ceil(g.working_sell_margin * g.down * 1e12 / g.sells) / 1e12 END
)
FROM growth AS g WHERE g.id = p.id
"""
_ACCOUNTS = """
UPDATE accounts AS a SET reserved = coalesce((SELECT sum(p.reserved) FROM positions p WHERE p.account_id = a.id), 0)
WHERE a.kind = 'MARGIN'
"""


def _part(name):
    return ops.AddField("Position", name, NumericField(default=Decimal(0), db_default=Decimal(0)))


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0018_rights")]

    operations = [
        _part("exit_buy"),
        _part("exit_sell"),
        # What orders hold back is theirs again when it goes back: the audit of reservations finds what it comes to.
        *(ops.RunSQL(statement, "SELECT 1") for statement in (_SPLIT, _ORDERS, _POSITIONS, _ACCOUNTS)),
    ]
