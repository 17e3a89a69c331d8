"""A stream of the executions and adjustments of an account's positions in the order of booking, of one moment.

SQL: a stream over a server-side cursor, of one moment.
"""

from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from domain.access.types import no_account
from domain.accounts.types import PositionMode
from domain.kernel.database import Connection, Row, fetch_row, reading
from domain.orders.model.types import CLOSING, PositionEffect
from domain.positions.adjustment_queries import READ_ADJUSTMENTS, to_adjustment
from domain.positions.adjustments import PositionAdjustment
from domain.positions.lookup import bucket_for
from domain.positions.lots import LotFill
from domain.positions.types import Bucket

# Others are served between two runs.
_RUN = 500
_FILLS = """
SELECT sequence, instrument_id, side = 'BUY' AS buys, position_effect, price, quantity, fee + tax AS costs,
  realized_pnl, fx_rate, created_at
FROM executions WHERE account_id = $1 AND busted_at IS NULL AND ($2::uuid IS NULL OR instrument_id = $2)
ORDER BY sequence
"""
_VOLUME = """
SELECT COALESCE(sum(e.fx_rate * CASE WHEN i.inverse THEN e.quantity * i.multiplier / e.price
    ELSE e.quantity * i.multiplier * abs(e.price) END), 0) AS turnover,
  COALESCE(sum(e.fee + e.tax), 0) AS costs
FROM executions e JOIN instruments i ON i.id = e.instrument_id
WHERE e.account_id = $1 AND e.busted_at IS NULL AND ($2::timestamptz IS NULL OR e.created_at >= $2)
AND ($3::timestamptz IS NULL OR e.created_at < $3)
"""


@dataclass(frozen=True, slots=True)
class Volume:
    """The traded value, and its fees and taxes, in the account's currency."""

    turnover: Decimal
    costs: Decimal


# Instrument, bucket, and what was booked there.
Booked = tuple[UUID, Bucket, LotFill | PositionAdjustment]


async def stream_booked(account_id: UUID, instrument_id: UUID | None) -> AsyncGenerator[list[Booked], None]:
    """The valid executions and the adjustments of an account, of one instrument if given, in runs.

    Raises:
        NotFound: there is no such account.
    """
    async with reading() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        mode = await _mode(connection, account_id)
        stored = await connection.fetch(READ_ADJUSTMENTS, account_id, instrument_id)
        # Few: one for each day that a future is held, and corporate actions.
        adjustments = deque(to_adjustment(row) for row in stored)
        cursor = await connection.cursor(_FILLS, account_id, instrument_id)
        while rows := await cursor.fetch(_RUN):
            run: list[Booked] = []
            for row in rows:
                while adjustments and adjustments[0].sequence < row["sequence"]:
                    run.append(_adjusted(adjustments.popleft()))
                run.append((row["instrument_id"], _bucket(mode, row), _fill(row)))
            yield run
        yield [_adjusted(adjustment) for adjustment in adjustments]


def _adjusted(adjustment: PositionAdjustment) -> Booked:
    return adjustment.instrument_id, adjustment.bucket, adjustment


async def _mode(connection: Connection, account_id: UUID) -> PositionMode:
    mode = await connection.fetchval("SELECT position_mode FROM accounts WHERE id = $1", account_id)
    if mode is None:
        raise no_account()
    return PositionMode(mode)


def _bucket(mode: PositionMode, row: Row) -> Bucket:
    if mode is PositionMode.NETTING:
        return Bucket.NET
    return bucket_for(mode, buys=row["buys"], closes=PositionEffect(row["position_effect"]) in CLOSING)


def _fill(row: Row) -> LotFill:
    return LotFill(
        buys=row["buys"],
        quantity=row["quantity"],
        price=row["price"],
        at=row["created_at"],
        costs=row["costs"],
        realized_pnl=row["realized_pnl"],
        rate=row["fx_rate"],
    )


async def read_volume(account_id: UUID, since: datetime | None, until: datetime | None) -> Volume:
    """The volume traded in ``since`` <= booked < ``until``, without busted executions."""
    row = await fetch_row(_VOLUME, account_id, since, until)
    assert row is not None
    return Volume(row["turnover"], row["costs"])
