"""Statistics of orders: counts, rates, costs and slippage against arrival prices, in one statement.

Busted executions do not count. Amounts are summed without conversion: over orders of several currencies the sum has no
meaning.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from domain.access.types import Actor
from domain.accounts.version_queries import read_accounts_version
from domain.kernel.database import Row
from domain.kernel.numbers import ZERO, total
from domain.kernel.read_cache import ReadCache
from domain.orders.reading.search_queries import OrderSearch, accounts_of, orders_where
from domain.orders.reading.statistics_queries import read_statistics


@dataclass(frozen=True, slots=True)
class SymbolStatistics:
    """Executions of one symbol's orders in one currency of accounts.

    ``notional`` is their value, ``realized_pnl`` gross of fees.
    """

    symbol: str
    currency: str
    orders: int
    executions: int
    quantity: Decimal
    notional: Decimal
    realized_pnl: Decimal


@dataclass(frozen=True, slots=True)
class CurrencyStatistics:
    """Money of all orders of accounts in one currency; ``fees`` hold the taxes."""

    currency: str
    orders: int
    executions: int
    notional: Decimal
    fees: Decimal
    realized_pnl: Decimal


@dataclass(frozen=True, slots=True)
class OrderStatistics:
    """Rates are shares of all orders, None when there are none.

    ``average_seconds_to_first_fill`` is measured from placing to booking. ``average_slippage_bps`` compares fill prices
    with the far touch on arrival, weighted by value: above zero is worse.
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
    by_currency: tuple[CurrencyStatistics, ...]

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


async def order_statistics(cache: ReadCache, actor: Actor, search: OrderSearch) -> OrderStatistics:
    """The statistics of matching orders that the actor may see, kept until one of the accounts changes."""
    accounts = accounts_of(actor, search)
    where = orders_where(actor, search)

    async def load() -> OrderStatistics:
        return summarised(await read_statistics(where))

    version = await read_accounts_version(accounts)
    key = (str(where), tuple(tuple(value) if isinstance(value, list) else value for value in where.arguments))
    return await cache.read("orderStatistics", key, version, load, lambda found: 1 + len(found.by_symbol))


def summarised(rows: Sequence[Row]) -> OrderStatistics:
    """The statistics over all symbols."""

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
                currency=row["currency"],
                orders=row["orders"],
                executions=row["executions"],
                quantity=row["quantity"],
                notional=row["notional"],
                realized_pnl=row["realized_pnl"],
            )
            for row in rows
        ),
        by_currency=tuple(_in_currency(rows, currency) for currency in sorted({row["currency"] for row in rows})),
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _ratio(amount: Decimal, weight: Decimal) -> float | None:
    return float(amount / weight) if weight != ZERO else None


def _in_currency(rows: Sequence[Row], currency: str) -> CurrencyStatistics:
    of_it = [row for row in rows if row["currency"] == currency]
    return CurrencyStatistics(
        currency=currency,
        orders=sum(row["orders"] for row in of_it),
        executions=sum(row["executions"] for row in of_it),
        notional=total(row["notional"] for row in of_it),
        fees=total(row["fees"] for row in of_it),
        realized_pnl=total(row["realized_pnl"] for row in of_it),
    )
