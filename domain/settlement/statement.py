"""Daily statements, pure: their computation and their invariant.

    closing equity = opening equity + deposits - withdrawals + realised PnL + change of unrealised PnL
                     - fees - taxes + financing + dividends

Opening equity is the closing equity of the day before, zero before the first; closing equity is cash and positions at
the day's closing prices. Deposits, withdrawals, fees, taxes, financing (funding and interest) and dividends are sums of
the day's transactions. Realised PnL is that of the account's executions and settlements. The change of unrealised PnL
is the rest of the change of equity: the marks and currency conversion. Cash is rounded to its smallest unit, so it also
contains the rounded fractions, at most half a unit per transaction.
"""

from collections.abc import Iterable
from decimal import Decimal

from domain.accounts.types import AccountBook
from domain.kernel.numbers import ZERO
from domain.positions.history_types import PositionSnapshot
from domain.positions.values import AccountValue, PositionValue
from domain.settlement.types import DailyStatement, DayFlows, MarketDay


def make_statement(
    value: AccountValue, day: MarketDay, flows: DayFlows, realized_before: Decimal, executions: int
) -> DailyStatement:
    """The statement of a day. ``value`` is the account at the day's closing prices, its opening equity still in it."""
    account = value.account
    opening, closing = account.day_opening_equity, value.equity
    realized = account.realized_pnl - realized_before
    explained = realized + flows.deposits - flows.withdrawals - flows.fees - flows.taxes
    explained += flows.financing + flows.dividends
    return DailyStatement(
        account_id=account.id,
        day=day.day,
        moment=day.moment,
        opening_equity=opening,
        deposits=flows.deposits,
        withdrawals=flows.withdrawals,
        realized_pnl=realized,
        unrealized_pnl_change=closing - opening - explained,
        fees=flows.fees,
        taxes=flows.taxes,
        financing=flows.financing,
        dividends=flows.dividends,
        closing_equity=closing,
        executions=executions,
        realized_total=account.realized_pnl,
        event_sequence=account.event_sequence,
        transaction_sequence=account.transaction_sequence,
        positions=tuple(_snapshots(account, value.positions, day)),
    )


def is_balanced(statement: DailyStatement) -> bool:
    """True if opening equity, movements and PnL add up to closing equity, exactly."""
    movements = statement.deposits - statement.withdrawals + statement.financing + statement.dividends
    profit = statement.realized_pnl + statement.unrealized_pnl_change - statement.fees - statement.taxes
    return statement.opening_equity + movements + profit == statement.closing_equity


def _snapshots(account: AccountBook, values: Iterable[PositionValue], day: MarketDay) -> Iterable[PositionSnapshot]:
    """The positions at the day's end, and those closed in the course of the day."""
    for value in values:
        closed = value.closed_at
        if value.quantity == ZERO and (closed is None or closed < account.rolled_at):
            continue
        yield PositionSnapshot(
            account_id=account.id,
            at=day.moment,
            symbol=value.symbol,
            bucket=value.position.bucket,
            quantity=value.quantity,
            average_price=value.average_price,
            mark_price=value.mark_price,
            unrealized_pnl=value.unrealized_pnl,
            realized_pnl=value.realized_pnl,
        )
