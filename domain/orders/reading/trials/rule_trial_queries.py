"""The past that a trial of a risk rule reads: orders, fills, positions before them, and samples of equity.

SQL: reports over a span of time, each bounded by a number of rows; all reads of one trial see one moment.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from domain.accounts.types import PositionMode
from domain.kernel.database import Row, reading
from domain.kernel.ids import first_id
from domain.kernel.numbers import ZERO
from domain.orders.deciding.rule_trial import PastFill, PastOrder, PastSample, Place
from domain.orders.model.commands import PlaceOrder
from domain.orders.model.types import CLOSING, OffsetKind, OrderType, PositionEffect, Side, TimeInForce
from domain.positions.lookup import bucket_for
from domain.positions.types import Bucket

# An order that rests for longer is not looked for: it would take reading all orders since.
_LONGEST_REST = timedelta(days=31)
_SUBJECT = "($2::uuid IS NULL OR {0}.account_id = $2) AND ($3::text IS NULL OR i.symbol = $3)"
# Orders that were refused here did not trade; what a venue refused was sent to it.
_ORDERS = f"""
SELECT o.id, o.account_id, i.symbol, a.position_mode, o.side, o.type, o.time_in_force, o.position_effect, o.quantity,
  o.limit_price, o.stop_price, o.trailing_offset, o.trailing_offset_kind, o.limit_offset, o.post_only, o.reduce_only,
  o.strategy, o.group_id, o.parent_id, o.reserve_price, o.arrival_price, o.reserve_rate * i.multiplier AS unit,
  i.inverse, o.created_at, o.closed_at
FROM orders o JOIN instruments i ON i.id = o.instrument_id JOIN accounts a ON a.id = o.account_id
WHERE o.id >= $1 AND {_SUBJECT.format("o")} AND (o.created_at >= $4 OR o.closed_at IS NULL OR o.closed_at >= $4)
  AND o.created_at < $5 AND (o.reject_reason IS NULL OR o.reject_reason = 'VENUE_REJECTED')
ORDER BY o.created_at, o.id LIMIT $6
"""
_FILLS = f"""
SELECT x.order_id, x.account_id, i.symbol, a.position_mode, x.side, x.position_effect, x.quantity, x.created_at
FROM executions x JOIN instruments i ON i.id = x.instrument_id JOIN accounts a ON a.id = x.account_id
WHERE x.id >= $1 AND x.created_at >= $4 AND x.busted_at IS NULL AND {_SUBJECT.format("x")} ORDER BY x.id LIMIT $5
"""
_POSITIONS = f"""
SELECT p.account_id, i.symbol, p.bucket, p.quantity FROM positions p JOIN instruments i ON i.id = p.instrument_id
WHERE p.quantity <> 0 AND $1::uuid IS NOT NULL AND {_SUBJECT.format("p")}
"""
_SAMPLES = """
SELECT s.account_id, s.at, s.equity, s.transaction_sequence FROM equity_samples s
WHERE s.at >= $1 AND s.at < $2 AND ($3::uuid IS NULL OR s.account_id = $3) ORDER BY s.at, s.account_id LIMIT $4
"""
_FLOWS = """
SELECT account_id, sequence, amount FROM account_transactions
WHERE id >= $1 AND kind IN ('DEPOSIT', 'WITHDRAWAL', 'TRANSFER') AND ($2::uuid IS NULL OR account_id = $2)
ORDER BY account_id, sequence LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class PastTrading:
    """Orders of a span, oldest first, with the fills and positions that they met; ``is_complete`` unless cut short."""

    orders: list[PastOrder]
    fills: list[PastFill]
    positions: Mapping[UUID, Mapping[Place, Decimal]]
    is_complete: bool


async def read_trading(
    account_id: UUID | None, symbol: str | None, begins: datetime, until: datetime, limit: int
) -> PastTrading:
    """The orders that were made or open at ``begins`` <= time < ``until``: at most ``limit``, and as many fills."""
    async with reading() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        rows = await connection.fetch(
            _ORDERS, first_id(begins - _LONGEST_REST), account_id, symbol, begins, until, limit + 1
        )
        fills = await connection.fetch(_FILLS, first_id(begins), account_id, symbol, begins, limit + 1)
        held = await connection.fetch(_POSITIONS, first_id(begins), account_id, symbol)
    is_complete = len(rows) <= limit and len(fills) <= limit
    found = [_to_fill(row) for row in fills]
    positions: defaultdict[UUID, defaultdict[Place, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
    for row in held:
        positions[row["account_id"]][row["symbol"], Bucket(row["bucket"])] += row["quantity"]
    # From what is held now back to what was held before.
    for fill in found:
        positions[fill.account_id][fill.place] -= fill.signed
    return PastTrading([_to_order(row) for row in rows[:limit]], found, positions, is_complete)


async def read_samples(
    account_id: UUID | None, begins: datetime, until: datetime, limit: int
) -> tuple[list[PastSample], bool]:
    """Samples of equity at ``begins`` <= time < ``until``, oldest first, and whether those were all."""
    async with reading() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        rows = await connection.fetch(_SAMPLES, begins, until, account_id, limit + 1)
        flows = await connection.fetch(_FLOWS, first_id(begins), account_id, limit + 1)
    return _with_flows(rows[:limit], flows), len(rows) <= limit and len(flows) <= limit


def _with_flows(rows: list[Row], flows: list[Row]) -> list[PastSample]:
    by_account: defaultdict[UUID, list[Row]] = defaultdict(list)
    for row in reversed(flows):
        by_account[row["account_id"]].append(row)
    seen: set[UUID] = set()
    samples = []
    for row in rows:
        account_id, flow = row["account_id"], ZERO
        waiting = by_account[account_id]
        while waiting and waiting[-1]["sequence"] <= row["transaction_sequence"]:
            flow += waiting.pop()["amount"]
        # Money that came before the first sample is part of what it opens with.
        sample = PastSample(account_id, row["at"], row["equity"], flow)
        samples.append(sample if account_id in seen else replace(sample, flow=ZERO))
        seen.add(account_id)
    return samples


def _to_order(row: Row) -> PastOrder:
    side, effect = Side(row["side"]), PositionEffect(row["position_effect"])
    kind = row["trailing_offset_kind"]
    command = PlaceOrder(
        account_id=row["account_id"],
        symbol=row["symbol"],
        side=side,
        type=OrderType(row["type"]),
        quantity=row["quantity"],
        time_in_force=TimeInForce(row["time_in_force"]),
        limit_price=row["limit_price"],
        stop_price=row["stop_price"],
        trailing_offset=row["trailing_offset"],
        trailing_offset_kind=OffsetKind(kind) if kind is not None else OffsetKind.PRICE,
        limit_offset=row["limit_offset"],
        post_only=row["post_only"],
        reduce_only=row["reduce_only"],
        position_effect=effect,
        strategy=row["strategy"],
    )
    mode = PositionMode(row["position_mode"])
    return PastOrder(
        id=row["id"],
        command=command,
        bucket=bucket_for(mode, buys=side is Side.BUY, closes=command.only_reduces),
        group=row["group_id"],
        is_exit_of_parent=row["parent_id"] is not None,
        worst=row["reserve_price"],
        reference=row["arrival_price"],
        unit=row["unit"],
        inverse=row["inverse"],
        at=row["created_at"],
        ended_at=row["closed_at"],
    )


def _to_fill(row: Row) -> PastFill:
    buys = row["side"] == Side.BUY
    closes = PositionEffect(row["position_effect"]) in CLOSING
    bucket = bucket_for(PositionMode(row["position_mode"]), buys=buys, closes=closes)
    signed = row["quantity"] if buys else -row["quantity"]
    return PastFill(row["order_id"], row["account_id"], (row["symbol"], bucket), signed, row["created_at"])
