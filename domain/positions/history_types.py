"""Values of history: samples of equity, flows and snapshots of positions."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from domain.kernel.numbers import ZERO
from domain.positions.types import Bucket


@dataclass(frozen=True, slots=True)
class EquitySample:
    """The equity of an account at a moment, in its currency, after the ledger row ``transaction_sequence``."""

    at: datetime
    equity: Decimal
    cash: Decimal
    unrealized_pnl: Decimal
    transaction_sequence: int


@dataclass(frozen=True, slots=True)
class Flow:
    """Deposits and withdrawals within a period, both zero or above."""

    inflow: Decimal = ZERO
    outflow: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class PositionSnapshot:
    """A position at one time; ``mark_price`` is None if there was no quote."""

    account_id: UUID
    at: datetime
    symbol: str
    bucket: Bucket
    quantity: Decimal
    average_price: Decimal
    mark_price: Decimal | None
    unrealized_pnl: Decimal
    realized_pnl: Decimal
