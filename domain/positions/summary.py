"""Exposure of an account, pure: its positions summed up, in total and by kinds of instruments."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from domain.kernel.numbers import ZERO
from domain.positions.values import AccountValue, PositionValue

# What leverage is said to be where exposure stands on no equity at all.
NO_EQUITY_LEVERAGE = Decimal(1_000_000)
_LEVERAGE_DIGITS = 12


@dataclass(frozen=True, slots=True)
class ExposureBucket:
    """Positions of one kind, in the account's currency; both values are unsigned, also for prices below zero.

    ``weight`` is net exposure over the account's equity, None while that is not above zero.
    """

    key: str
    long_value: Decimal
    short_value: Decimal
    weight: float | None

    @property
    def net_exposure(self) -> Decimal:
        """Long less short."""
        return self.long_value - self.short_value


@dataclass(frozen=True, slots=True)
class PositionSummary:
    """The positions of an account together, in its currency, at the newest marks."""

    account_id: UUID
    currency: str
    count: int
    long_value: Decimal
    short_value: Decimal
    leverage: Decimal
    unrealized_pnl: Decimal
    realized_pnl: Decimal
    largest_weight: float | None
    by_asset_class: tuple[ExposureBucket, ...]
    by_symbol: tuple[ExposureBucket, ...]
    by_currency: tuple[ExposureBucket, ...]

    @property
    def gross_exposure(self) -> Decimal:
        """Long plus short."""
        return self.long_value + self.short_value

    @property
    def net_exposure(self) -> Decimal:
        """Long less short."""
        return self.long_value - self.short_value


def summarize(account: AccountValue) -> PositionSummary:
    """The summary of a valued account."""
    held = [position for position in account.positions if position.quantity]
    long_value, short_value = _long_and_short(held)
    weights = [abs(position.weight) for position in held if position.weight is not None]
    return PositionSummary(
        account_id=account.id,
        currency=account.currency,
        count=len(held),
        long_value=long_value,
        short_value=short_value,
        leverage=leverage(long_value + short_value, account.equity),
        unrealized_pnl=account.unrealized_pnl,
        realized_pnl=account.realized_pnl,
        largest_weight=max(weights, default=None),
        by_asset_class=_buckets(held, account.equity, lambda row: row.instrument.asset_class.value),
        by_symbol=_buckets(held, account.equity, lambda row: row.symbol),
        by_currency=_buckets(held, account.equity, lambda row: row.instrument.currency),
    )


def leverage(gross_exposure: Decimal, equity: Decimal) -> Decimal:
    """Gross exposure over equity, to twelve decimals; a million, the maximum, where equity is not above zero."""
    if gross_exposure == ZERO:
        return ZERO
    if equity <= ZERO:
        return NO_EQUITY_LEVERAGE
    return min(NO_EQUITY_LEVERAGE, round(gross_exposure / equity, _LEVERAGE_DIGITS))


def _long_and_short(positions: Iterable[PositionValue]) -> tuple[Decimal, Decimal]:
    """The unsigned values of long and short positions; prices of futures may be below zero."""
    long_value = short_value = ZERO
    for position in positions:
        if position.quantity > ZERO:
            long_value += abs(position.market_value)
        else:
            short_value += abs(position.market_value)
    return long_value, short_value


def _buckets(
    positions: Iterable[PositionValue], equity: Decimal, key_of: Callable[[PositionValue], str]
) -> tuple[ExposureBucket, ...]:
    grouped: dict[str, list[PositionValue]] = {}
    for position in positions:
        grouped.setdefault(key_of(position), []).append(position)
    return tuple(_bucket(key, rows, equity) for key, rows in sorted(grouped.items()))


def _bucket(key: str, positions: list[PositionValue], equity: Decimal) -> ExposureBucket:
    long_value, short_value = _long_and_short(positions)
    weight = float((long_value - short_value) / equity) if equity > ZERO else None
    return ExposureBucket(key, long_value, short_value, weight)
