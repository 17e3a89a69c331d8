"""Funding of perpetuals at their exchange's own hours: once per account, instrument and hour, missed hours in order.

A position held at the hour pays - (signed market value) x funding rate, at the instrument's price then, in one ledger
row that names the hour. The hours of an account are posted under its lock together with the mark up to which they are
posted: a run that is killed and repeated posts each hour once. A schedule counts from the time when it was set.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from domain.accounts import queries as account_queries
from domain.accounts.events import FUNDED, record
from domain.accounts.rules import post
from domain.accounts.types import AccountBook, TransactionKind
from domain.kernel.bus import Bus
from domain.kernel.numbers import ZERO, plain, total
from domain.kernel.unit_of_work import UnitOfWork, unit_of_work
from domain.market.costs import to_exact
from domain.market.day_queries import load_last_bars
from domain.market.market import Market
from domain.market.rates import InstrumentIndex
from domain.market.types import Instrument
from domain.orders.books.replay import bucket_of_execution
from domain.orders.model.order import Execution
from domain.positions import queries as position_queries
from domain.positions.types import PositionBook
from domain.positions.valuation import newest_rate
from domain.settlement import funding_queries
from domain.settlement.market_day import closing_prices
from domain.settlement.queries import load_executions

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class FundedPosition:
    """A perpetual held at an hour, with its price then in its own currency, None if unknown."""

    instrument: Instrument
    quantity: Decimal
    price: Decimal | None
    rate: Decimal


@dataclass(frozen=True, slots=True)
class _Terms:
    """The inputs of funding: perpetuals with hours, the start of their schedules, and all instruments for rates."""

    perpetuals: Mapping[UUID, Instrument]
    since: Mapping[UUID, datetime]
    instruments: InstrumentIndex
    market: Market


def due_hours(schedules: Iterable[Collection[int]], after: datetime, until: datetime) -> list[datetime]:
    """The hours of any schedule in ``after`` < hour <= ``until``, in order."""
    wanted = {hour for schedule in schedules for hour in schedule}
    hour = after.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + _HOUR
    found = []
    while hour <= until:
        if hour.hour in wanted:
            found.append(hour)
        hour += _HOUR
    return found


def funding_of(held: FundedPosition) -> Decimal:
    """The unrounded funding of a position, below zero where the account pays; zero without a price."""
    instrument = held.instrument
    if held.price is None or (instrument.inverse and held.price <= ZERO):
        return ZERO
    return -to_exact(instrument.notional(held.quantity, held.price)) * held.rate * instrument.funding_rate


async def post_due_funding(bus: Bus, market: Market, now: datetime) -> int:
    """Post all funding that is due by ``now``; returns the number of accounts."""
    catalog = await market.refresh()
    perpetuals = {row.id: row for row in catalog.by_id.values() if row.funding_hours and row.funding_rate}
    if not perpetuals:
        return 0
    rows = await funding_queries.read_schedules(perpetuals)
    terms = _Terms(perpetuals, {row["id"]: row["funding_since"] for row in rows}, catalog.by_id, market)
    until = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    accounts = await funding_queries.read_holders(perpetuals, until)
    for account_id in accounts:
        async with unit_of_work(bus) as work:
            await _fund(work, account_id, terms, until)
    return len(accounts)


async def _fund(work: UnitOfWork, account_id: UUID, terms: _Terms, until: datetime) -> None:
    account = (await account_queries.lock_books(work, [account_id]))[account_id]
    mark = await funding_queries.load_mark(work, account_id)
    after = mark["funded_until"] if mark is not None else account.created_at
    positions = (await position_queries.load_positions(work, [account_id], list(terms.perpetuals)))[account_id]
    mine = sorted((row for row in positions.values() if row.instrument_id in terms.perpetuals), key=lambda row: row.id)
    executions = await load_executions(work, account_id, after)
    posted = []
    for hour in due_hours((row.funding_hours for row in terms.perpetuals.values()), after, until):
        prices = await _prices(work, {row.instrument_id for row in mine}, terms, hour)
        for position in mine:
            instrument = terms.perpetuals[position.instrument_id]
            if hour.hour not in instrument.funding_hours or hour <= terms.since[instrument.id]:
                continue
            held = _held_at(account, position, executions, hour, prices, terms)
            note = _note(held, hour)
            row = post(account, TransactionKind.FUNDING, funding_of(held), work.now, None, note=note)
            posted += [{"id": str(row.id), "kind": row.kind.value, "amount": plain(row.amount)}] if row else []
    await funding_queries.save_mark(work, account_id, until)
    if posted:
        record(account, FUNDED, work.now, {"transactions": posted})
        await account_queries.write_books(work, [account])


def _held_at(
    account: AccountBook,
    position: PositionBook,
    executions: Iterable[Execution],
    hour: datetime,
    prices: Mapping[UUID, Decimal],
    terms: _Terms,
) -> FundedPosition:
    """The quantity held at the hour: the present one less later executions."""
    instrument = terms.perpetuals[position.instrument_id]
    later = total(
        row.quantity * row.side.sign
        for row in executions
        if row.created_at >= hour
        and row.instrument_id == instrument.id
        and bucket_of_execution(row, account.position_mode) is position.bucket
    )
    rate = newest_rate(account.currency, instrument, terms.instruments, terms.market.quote) or position.fx_rate
    return FundedPosition(instrument, position.quantity - later, prices.get(instrument.id), rate)


async def _prices(work: UnitOfWork, wanted: Collection[UUID], terms: _Terms, hour: datetime) -> dict[UUID, Decimal]:
    """The prices of instruments at an hour: the newest quote if it is older, else the close of the last minute before.

    An instrument without a quote before the hour uses its newest quote.
    """
    quotes = {owner: terms.market.quote(terms.perpetuals[owner].symbol) for owner in wanted}
    bars = {owner: bar for owner, bar in (await load_last_bars(work, hour)).items() if owner in wanted}
    newest = {owner: quote.mark for owner, quote in quotes.items() if quote is not None and quote.mark is not None}
    return newest | closing_prices(quotes, bars, None, hour)


def _note(held: FundedPosition, hour: datetime) -> str:
    price = "no price" if held.price is None else plain(held.price)
    what = f"{plain(held.quantity)} {held.instrument.symbol} at {price}"
    return f"{hour:%Y-%m-%dT%H:%MZ} funding of {what} at {plain(held.instrument.funding_rate)}"
