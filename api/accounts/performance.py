"""Types of performance in the schema; the sources are the domain's own values."""

from datetime import datetime
from decimal import Decimal
from typing import Self

import strawberry

from domain.positions.history_types import EquitySample


@strawberry.type(description="Value of an account at one time.")
class EquityPoint:
    """A view of ``domain.positions.history_types.EquitySample``."""

    at: datetime
    currency: str
    equity: Decimal
    cash: Decimal
    unrealized_pnl: Decimal

    @classmethod
    def of(cls, sample: EquitySample, currency: str) -> Self:
        """The view of a sample of an account with this currency."""
        return cls(
            at=sample.at,
            currency=currency,
            equity=sample.equity,
            cash=sample.cash,
            unrealized_pnl=sample.unrealized_pnl,
        )


@strawberry.type(
    description=(
        "Performance of an account. Returns are time-weighted: deposits and withdrawals do not count. Ratios "
        "use daily returns, a year has 365 days, the risk-free rate is zero; null if there is too little "
        "data."
    )
)
class PerformanceReport:
    """A view of ``domain.orders.reading.closed_trades.PerformanceReport``."""

    currency: str = strawberry.field(description="The currency of its money: the account's.")
    total_return: float
    annualized_return: float | None
    annualized_volatility: float | None
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    max_drawdown: float = strawberry.field(
        description="Largest drawdown below an earlier peak, as a ratio of the peak."
    )
    max_drawdown_seconds: float = strawberry.field(
        description="Seconds from that peak until equity was back at it, or until the end."
    )
    max_drawdown_amount: Decimal = strawberry.field(description="Deepest fall of the profit below its peak, in money.")
    closed_trades: int
    win_rate: float | None = strawberry.field(description="Share of closed trades with a profit after fees.")
    profit_factor: float | None = strawberry.field(description="Sum of profits over sum of losses.")
    average_win: Decimal | None
    average_loss: Decimal | None = strawberry.field(description="Below zero.")
    largest_win: Decimal | None
    largest_loss: Decimal | None = strawberry.field(description="Below zero.")
    turnover: Decimal = strawberry.field(description="Value of purchases and sales.")
    fees_paid: Decimal = strawberry.field(description="Fees and taxes.")
