"""The import of a history file into an account: all of its lines or none, each reference once, with proved books.

The account must be new: everything that was ever booked in it came from imports. The file is read and checked before
the account is locked, then booked run by run in one transaction with a constant number of statements for each run. At
its end the books are proved; if they did not prove, nothing would be saved.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import BinaryIO
from uuid import UUID

from domain.access.attribution import attributed
from domain.access.audit import record as audit
from domain.access.audit import target_of
from domain.access.types import Actor, require_funds
from domain.accounts import events
from domain.accounts.queries import write_books
from domain.accounts.service import lock_one
from domain.accounts.types import AccountBook
from domain.kernel.bus import Bus
from domain.kernel.errors import Conflict
from domain.kernel.numbers import ZERO, plain
from domain.kernel.time import Nanos
from domain.kernel.unit_of_work import UnitOfWork, unit_of_work
from domain.market.market import Market
from domain.orders.books.proof import prove_in
from domain.orders.queries import insert_executions, insert_orders, update_orders
from domain.positions.queries import load_all_positions, write_positions
from domain.positions.valuation import value_all
from domain.system.imports import queries
from domain.system.imports.booking import HistoryBooking, OrderPlan
from domain.system.imports.files import runs_of
from domain.system.imports.lines import BadLine, ExecutionLine, HistoryLine


@dataclass(slots=True)
class ImportReport:
    """The result of an import; ``already_there`` counts lines that an earlier import had brought with the same content.

    The last three are the account's figures after it, in ``currency``.
    """

    lines: int = 0
    imported: int = 0
    already_there: int = 0
    executions: int = 0
    orders: int = 0
    cash_movements: int = 0
    currency: str = ""
    cash: Decimal = ZERO
    realized_pnl: Decimal = ZERO
    fees_paid: Decimal = ZERO


async def import_history(bus: Bus, market: Market, actor: Actor, account_id: UUID, file: BinaryIO) -> ImportReport:
    """Book a history file into an account; needs ADMIN or FUNDS for the account.

    Idempotent: a line whose reference was imported with the same content is left out.

    Raises:
        NotFound, Forbidden, Refused: as for a deposit.
        BadInput: a line cannot be imported; the error names its number and column.
        Conflict: the account has a history of its own, a reference was imported with other content, or the books would
            not prove.
    """
    require_funds(actor, account_id)
    now = Nanos.now()
    plan = await _plan(file, now)
    catalog = await market.refresh()
    async with unit_of_work(bus) as work:
        book = await lock_one(work, actor, account_id, require_funds)
        if await queries.has_live_history(work, account_id):
            raise Conflict("History is imported into a new account: this one has orders or money of its own.")
        positions = await load_all_positions(work, account_id)
        booking = HistoryBooking(
            account=book,
            instruments={instrument.symbol: instrument for instrument in catalog.by_id.values()},
            quantities=plan.quantities,
            author=attributed(actor),
            now=work.now,
            positions={(row.instrument_id, row.bucket): row for row in positions},
        )
        before = value_all(book, booking.positions.values(), catalog.by_id, market.quote).equity
        report = await _book_all(work, booking, file, now)
        if report.imported:
            equity = value_all(book, booking.positions.values(), catalog.by_id, market.quote).equity
            await _finish(work, actor, book, report, rise=equity - before, equity=equity)
            proof = await prove_in(work.connection, account_id, catalog.by_id)
            if not proof.intact:
                first = proof.breaks[0]
                raise Conflict(f"The books would not prove: {first.what} is {first.booked}, derived {first.derived}.")
    report.currency, report.cash = book.currency, book.cash
    report.realized_pnl, report.fees_paid = book.realized_pnl, book.fees_paid
    return report


async def _plan(file: BinaryIO, now: Nanos) -> OrderPlan:
    """Read the whole file, and check what can be checked without the account."""
    plan = OrderPlan()
    for run in runs_of(file, now):
        for line in run:
            plan.add(line)
        # Others are served between two runs.
        await asyncio.sleep(0)
    return plan


async def _book_all(work: UnitOfWork, booking: HistoryBooking, file: BinaryIO, now: Nanos) -> ImportReport:
    report, account_id = ImportReport(), booking.account.id
    for run in runs_of(file, now):
        known = await queries.load_known(work, account_id, [line.reference for line in run])
        fresh = [line for line in run if not _is_known(line, known)]
        await _check_orders(work, booking, fresh)
        for line in fresh:
            booking.book(line)
        _count(report, run, fresh, booking)
        await _write(work, booking, fresh)
    if booking.unfinished:
        name = next(iter(booking.unfinished))
        raise Conflict(f"Some executions of the order {name!r} were imported before: an order comes in one file.")
    return report


def _is_known(line: HistoryLine, known: dict[str, bytes]) -> bool:
    digest = known.get(line.reference)
    if digest is not None and digest != line.digest:
        raise Conflict(
            f"Line {line.number}, column reference: {line.reference!r} was imported with other content.",
            field="reference",
            line=line.number,
        )
    return digest is not None


async def _check_orders(work: UnitOfWork, booking: HistoryBooking, fresh: Sequence[HistoryLine]) -> None:
    """Refuse executions of orders that an earlier import has finished."""
    begun = {
        line.order: line for line in fresh if isinstance(line, ExecutionLine) and line.order not in booking.unfinished
    }
    taken = await queries.load_taken_orders(work, booking.account.id, begun) if begun else set()
    for name in taken:
        raise BadLine(begun[name].number, "order", "this order was imported before: an order comes in one file.")


def _count(
    report: ImportReport, run: Sequence[HistoryLine], fresh: Sequence[HistoryLine], booking: HistoryBooking
) -> None:
    executions = sum(isinstance(line, ExecutionLine) for line in fresh)
    report.lines += len(run)
    report.imported += len(fresh)
    report.already_there += len(run) - len(fresh)
    report.executions += executions
    report.cash_movements += len(fresh) - executions
    report.orders += len(booking.created)


async def _write(work: UnitOfWork, booking: HistoryBooking, fresh: Sequence[HistoryLine]) -> None:
    await insert_orders(work, list(booking.created.values()))
    await insert_executions(work, booking.executions)
    await write_positions(work, booking.positions.values())
    await queries.insert_lines(work, booking.account.id, fresh)
    # Those who follow the account hear of the last event alone, and read the others from the log.
    await write_books(work, [booking.account], publish=False)
    await update_orders(work, list(booking.changed.values()))
    booking.written()


async def _finish(
    work: UnitOfWork, actor: Actor, book: AccountBook, report: ImportReport, *, rise: Decimal, equity: Decimal
) -> None:
    """An import is no profit and no loss of the day, and drawdown is measured from the equity that it leaves."""
    book.day_transfers += rise
    book.peak_equity = max(ZERO, equity)
    counts = {
        "imported": report.imported,
        "alreadyThere": report.already_there,
        "executions": report.executions,
        "cashMovements": report.cash_movements,
    }
    events.record(book, events.HISTORY_IMPORTED, work.now, {"by": actor.email, "detail": counts})
    await write_books(work, [book])
    detail = {**counts, "cash": plain(book.cash)}
    await audit(work, actor, "importHistory", target_of("account", book.id), detail=detail)
    await work.flush()
