"""The venue step: take a venue's commands, let the venue act on them, and book all its reports, in one transaction.

A crash leaves all of a step or nothing of it: unbooked commands stay in the queue, and the paper venue is re-armed from
stored orders. The lease keeps a replaced router from writing.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson
import structlog

from domain.accounts import queries as account_queries
from domain.accounts.types import AccountBook
from domain.kernel.bus import Bus
from domain.kernel.database import Row
from domain.kernel.ids import read_id
from domain.kernel.lease_queries import check_lease
from domain.kernel.unit_of_work import UnitOfWork, unit_of_work
from domain.market.rates import RateOf, no_rate
from domain.market.types import Instrument
from domain.orders import queries
from domain.orders.books.booking import ReportBooking
from domain.orders.books.command_queries import is_corrected, take_commands
from domain.orders.deciding.trading_book import EXCLUSIVE, TradingBook
from domain.orders.exchange.execution_reports import ExecutionReport, Filled
from domain.orders.exchange.paper import PAPER
from domain.orders.model.order import Execution, Order
from domain.orders.model.stored_forms import read_change
from domain.orders.model.venue_commands import REARM, REPLACE, SUBMIT, AccountTerms, VenueCommand
from domain.positions import queries as position_queries
from domain.positions.leftovers import restrict_if_left

MAX_COMMANDS = 500


class OutOfStep(Exception):
    """The books of this venue were corrected: its state is out of date, and it must be built again."""


_log = structlog.stdlib.get_logger("venue")


@dataclass(frozen=True, slots=True)
class VenueStep:
    """The result of a step: the numbers of its commands and reports, its executions and its changed orders.

    ``last_command`` is the newest command that it took, 0 when it took none.
    """

    commands: int
    reports: int
    executions: tuple[Execution, ...]
    orders: tuple[Order, ...]
    last_command: int = 0


Act = Callable[[Sequence[VenueCommand]], list[ExecutionReport]]
# What else belongs in a step's transaction.
Also = Callable[[UnitOfWork], Awaitable[None]]


async def process_venue_step(
    bus: Bus,
    venue: str,
    epoch: int,
    instruments: Mapping[UUID, Instrument],
    act: Act,
    reports: Sequence[ExecutionReport] = (),
    accounts: Mapping[UUID, UUID] | None = None,
    *,
    up_to: int,
    position: str | None = None,
    rate_of: RateOf = no_rate,
    also: Also | None = None,
) -> VenueStep:
    """Book the market's ``reports``, then take up to 500 commands (ids ``up_to``), act and book the answers.

    ``accounts`` names the account of every order in ``reports``. ``position`` is their place in the tick stream: it is
    stored with them, so that no tick is missed or matched twice. ``rate_of`` converts amounts in another currency than
    the account's. ``also`` writes further rows of the step, after everything else.

    Raises:
        LeaseLost: another router has taken over. After any error nothing is written, and a venue that has acted must be
            built again from stored orders.
        OutOfStep: the paper venue has filled orders on positions or terms that were corrected meanwhile.
    """
    if not reports and not up_to and position is None and also is None:
        return VenueStep(0, 0, (), ())
    async with unit_of_work(bus) as work:
        await check_lease(work, f"venue:{venue}", epoch, position)
        rows = sorted(await take_commands(work, venue, up_to, MAX_COMMANDS), key=lambda row: row["id"]) if up_to else []
        if not rows and not reports:
            if also is not None:
                await also(work)
            return VenueStep(0, 0, (), ())
        known = accounts or {}
        touched = {row["account_id"] for row in rows}
        touched.update(known[order_id] for report in reports if (order_id := _order_id(report)) in known)
        locked = await account_queries.lock_books(work, touched)
        wanted = {row["order_id"] for row in rows} | {_order_id(report) for report in reports}
        for row in rows:
            wanted |= set(_group_of(row))
        orders = await queries.load_orders(work, wanted)
        commands = [_command(row, orders, locked[row["account_id"]]) for row in rows]
        everything = [*reports, *act(commands)]
        await _check_fills(work, venue, everything, commands)
        orders = await _with_others(work, orders, everything)
        booking = await _load(work, locked, orders, instruments, everything, rate_of)
        booking.apply(everything)
        for account_id in {execution.account_id for execution in booking.executions}:
            book = booking.books[account_id]
            restrict_if_left(book.account, book.positions.values(), work.now)
        await _write(work, booking)
        if also is not None:
            await also(work)
    for report in booking.ignored:
        _log.warning("report ignored", order_id=str(report.order_id), report=type(report).__name__)
    newest = rows[-1]["id"] if rows else 0
    return VenueStep(
        len(rows), len(everything), tuple(booking.executions), (*booking.changed.values(), *booking.created), newest
    )


async def _check_fills(
    work: UnitOfWork, venue: str, reports: Sequence[ExecutionReport], commands: Sequence[VenueCommand]
) -> None:
    """Refuse fills of the paper venue that rest on what was corrected; whoever corrects holds the accounts' locks.

    A fill of a real venue is a fact.
    """
    if venue != PAPER or not any(isinstance(report, Filled) for report in reports):
        return
    if any(command.kind == REARM for command in commands) or await is_corrected(work, venue):
        raise OutOfStep


async def _with_others(
    work: UnitOfWork, orders: dict[UUID, Order], reports: Sequence[ExecutionReport]
) -> dict[UUID, Order]:
    """The orders, with others that ``reports`` name, and all legs of exclusive groups."""
    missing = {_order_id(report) for report in reports} - orders.keys()
    if missing:
        # Other legs of a bracket or an OCO: always orders of an account that is locked already.
        orders |= await queries.load_orders(work, missing)
    groups = {order.group_id for order in orders.values() if order.contingency in EXCLUSIVE}
    # The reservation of one leg depends on the others.
    return await queries.load_groups(work, groups) | orders if groups else orders


def _command(row: Row, orders: Mapping[UUID, Order], account: AccountBook) -> VenueCommand:
    kind, order = row["kind"], orders[row["order_id"]]
    terms = AccountTerms(account.id, account.kind, account.position_mode)
    if kind == REPLACE:
        return VenueCommand(kind, order, terms, change=read_change(orjson.loads(row["payload"])))
    return VenueCommand(kind, order, terms, group=tuple(orders[order_id] for order_id in _group_of(row)))


def _group_of(row: Row) -> list[UUID]:
    """The orders that a command submits together."""
    if row["kind"] != SUBMIT or row["payload"] is None:
        return []
    return [read_id(order_id) for order_id in orjson.loads(row["payload"])]


def _order_id(report: ExecutionReport) -> UUID:
    assert isinstance(report.order_id, UUID)
    return report.order_id


async def _load(
    work: UnitOfWork,
    accounts: Mapping[UUID, AccountBook],
    orders: dict[UUID, Order],
    instruments: Mapping[UUID, Instrument],
    reports: Sequence[ExecutionReport],
    rate_of: RateOf,
) -> ReportBooking:
    positions = await position_queries.load_positions(
        work, accounts, {order.instrument_id for order in orders.values()}
    )
    filled = {_order_id(report) for report in reports if isinstance(report, Filled)}
    booked = await queries.known_executions(work, [orders[order_id] for order_id in filled]) if filled else set()
    # What an account may still use is not asked here: what was reserved covers it, and a fill is a fact.
    books = {account_id: TradingBook(book, positions[account_id], None) for account_id, book in accounts.items()}
    return ReportBooking(orders, books, instruments, booked, work.now, rate_of)


async def _write(work: UnitOfWork, booking: ReportBooking) -> None:
    books = booking.books.values()
    if booking.created:
        await queries.insert_orders(work, booking.created)
    await queries.update_orders(work, list(booking.changed.values()))
    await queries.insert_executions(work, booking.executions)
    await position_queries.write_positions(work, (row for book in books for row in book.positions.values()))
    await account_queries.write_books(work, (book.account for book in books), acknowledged=booking.acknowledged)
