"""An account's history as a file that can be imported: its valid executions, in the order of booking, and its cash.

Importing it into a new account gives the same positions, cash, realised PnL and closed trades.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, cast
from uuid import UUID

from domain.accounts.queries import read_currencies
from domain.accounts.types import Transaction
from domain.kernel.database import Row, reading
from domain.kernel.errors import BadInput
from domain.kernel.time import Nanos
from domain.market.market import Market
from domain.market.types import Instrument
from domain.orders.books.proof_queries import runs_of
from domain.orders.model.order import Execution
from domain.system.exports.columns import HistoryRow
from domain.system.exports.history_queries import cash_movements, read_order_names, was_adjusted


async def check_history(account_id: UUID) -> None:
    """Refuse a history that the lines of a file cannot represent.

    Raises:
        BadInput: the account's positions were changed by more than its executions.
    """
    if await was_adjusted(account_id):
        message = "Corporate actions or settlements changed this account's positions: a history has no lines for them."
        raise BadInput(message, field="account")


async def stream_history(market: Market, account_id: UUID) -> AsyncGenerator[list[HistoryRow], None]:
    """The lines, in runs, of one moment."""
    currency = (await read_currencies([account_id]))[account_id]
    catalog = await market.refresh()
    async with (
        reading() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
        aclosing(cast(Any, cash_movements(connection, account_id))) as cash,
    ):
        waiting = await anext(cash, None)
        async for run in runs_of(connection, account_id):
            names = await read_order_names(connection, {row.order_id for row in run})
            rows: list[HistoryRow] = []
            for execution in run:
                while waiting is not None and waiting.created_at <= execution.created_at:
                    rows.append(_of_cash(waiting))
                    waiting = await anext(cash, None)
                instrument = catalog.by_id[execution.instrument_id]
                rows.append(_of_execution(execution, instrument, currency, names[execution.order_id]))
            yield rows
        yield [_of_cash(row) async for row in _rest(waiting, cash)]


async def _rest(waiting: Transaction | None, cash: AsyncIterator[Transaction]) -> AsyncIterator[Transaction]:
    if waiting is not None:
        yield waiting
        async for row in cash:
            yield row


def _of_cash(row: Transaction) -> HistoryRow:
    return HistoryRow(
        row.reference or str(row.id), Nanos.of(row.created_at), row.kind.value, amount=row.amount, note=row.note
    )


def _of_execution(execution: Execution, instrument: Instrument, currency: str, order: Row) -> HistoryRow:
    """The line of an execution, which books the same money.

    A minimum fee belongs to the order: what it added to each execution is told as posted.
    """
    fee = execution.fee if execution.fee_minimum else execution.fee_due
    return HistoryRow(
        reference=str(execution.id),
        at=execution.at,
        kind="EXECUTION",
        booked_at=execution.created_at,
        symbol=execution.symbol,
        side=execution.side.value,
        position_effect=execution.position_effect.value,
        quantity=execution.quantity,
        price=execution.price,
        liquidity=execution.liquidity.value,
        order=order["client_order_id"],
        strategy=order["strategy"],
        fee=execution.withheld or fee,
        fee_currency=execution.venue_fee_currency if execution.withheld else None,
        tax=execution.tax_due,
        fx_rate=execution.fx_rate if instrument.currency != currency else None,
        realized_pnl=execution.realized_pnl,
    )
