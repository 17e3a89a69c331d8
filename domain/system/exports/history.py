"""An account's history as a file that can be imported: its valid executions, in the order of booking, and its cash.

Importing it into a new account gives the same positions, cash, realised PnL and closed trades.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any, cast
from uuid import UUID

from domain.accounts.queries import read_currencies
from domain.accounts.types import Transaction
from domain.kernel.database import Connection, Row, reading
from domain.kernel.errors import BadInput
from domain.kernel.time import Nanos
from domain.market.market import Market
from domain.market.types import Instrument
from domain.orders.books.proof_queries import RUN, runs_of
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
        lines = _merged(connection, account_id, cash, catalog.by_id, currency)
        rows: list[HistoryRow] = []
        async with aclosing(cast(Any, lines)) as merged:
            async for row in merged:
                rows.append(row)
                if len(rows) == RUN:
                    yield rows
                    rows = []
        yield rows


async def _merged(
    connection: Connection,
    account_id: UUID,
    cash: AsyncIterator[Transaction],
    instruments: Mapping[UUID, Instrument],
    currency: str,
) -> AsyncIterator[HistoryRow]:
    """The lines one by one: what was booked first comes first, and cash before an execution of the same time."""
    waiting = await anext(cash, None)
    async for run in runs_of(connection, account_id):
        names = await read_order_names(connection, {row.order_id for row in run})
        for execution in run:
            while waiting is not None and waiting.created_at <= execution.created_at:
                yield _of_cash(waiting)
                waiting = await anext(cash, None)
            yield _of_execution(execution, instruments[execution.instrument_id], currency, names[execution.order_id])
    while waiting is not None:
        yield _of_cash(waiting)
        waiting = await anext(cash, None)


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
