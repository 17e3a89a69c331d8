"""Statistics of orders in the schema."""

from decimal import Decimal

import strawberry


@strawberry.type(description="The executions of orders of one symbol, of accounts in one currency.")
class SymbolStatistics:
    """A view of ``domain.orders.reading.statistics.SymbolStatistics``."""

    symbol: str
    currency: str
    orders: int
    executions: int
    quantity: Decimal
    notional: Decimal
    realized_pnl: Decimal = strawberry.field(description="Gross of fees.")


@strawberry.type(description="The money of all orders of accounts in one currency.")
class CurrencyStatistics:
    """A view of ``domain.orders.reading.statistics.CurrencyStatistics``."""

    currency: str
    orders: int
    executions: int
    notional: Decimal
    fees: Decimal
    realized_pnl: Decimal


@strawberry.type(description="Statistics of orders. Money is by currency.")
class OrderStatistics:
    """A view of ``domain.orders.reading.statistics.OrderStatistics``."""

    total: int
    open: int
    filled: int
    canceled: int
    rejected: int
    expired: int
    fill_rate: float | None = strawberry.field(description="Share of orders that were filled completely.")
    cancel_rate: float | None
    reject_rate: float | None
    notional: Decimal = strawberry.field(
        description="Value of the executed quantity, in mixed currencies.",
        deprecation_reason="It adds up different currencies: use `byCurrency`.",
    )
    fees: Decimal = strawberry.field(
        description="Fees and taxes, in mixed currencies.",
        deprecation_reason="It adds up different currencies: use `byCurrency`.",
    )
    average_seconds_to_first_fill: float | None
    average_slippage_bps: float | None = strawberry.field(
        description=("Slippage against the far touch at arrival, weighted by executed quantity; above zero is worse.")
    )
    by_symbol: list[SymbolStatistics]
    by_currency: list[CurrencyStatistics]
