"""The actions of real shares, held over: the return of the position is that of the vendor's adjusted closes."""

import csv
import gzip
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest

from domain.accounts.types import AccountKind
from domain.kernel.database import pool
from domain.kernel.ids import new_id
from domain.kernel.numbers import ONE, ZERO, total
from domain.market.action_service import find_corporate_actions, record_corporate_action
from domain.market.actions import CorporateActionKind, NewAction
from domain.market.types import AssetClass, FeeSchedule, Instrument
from domain.orders.model.types import Side
from domain.positions.adjustments import AdjustmentKind, PositionAdjustment, adjust
from domain.positions.types import Bucket, PositionBook
from domain.settlement.rolling import roll_days
from tests.support.days import ROLL, assert_proved, order, statements, trade
from tests.support.market import recording
from tests.support.trading import Platform, instrument, platform, running_venue

BARS = "bars/us_equity_wiki_1d.csv.gz"
ACTIONS = "corporate_actions/us_equity_wiki_actions.csv.gz"
ADJUSTED = "corporate_actions/us_equity_wiki_adj_close.csv.gz"
# The vendor keeps about fourteen digits; ours are exact, but for marks of twelve decimals.
EVER, NEVER = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
LONGEST_WEEKEND = timedelta(days=6)
PRECISION = Decimal("1e-11")


def rows(name: str, symbol: str, first: datetime, last: datetime) -> list[dict[str, str]]:
    """The rows of a symbol with days from ``first`` to ``last``."""
    with gzip.open(recording(name), "rt", encoding="utf-8") as file:
        return [
            row
            for row in csv.DictReader(file)
            if row["symbol"] == symbol and first <= datetime.fromisoformat(row["ts"]) <= last
        ]


@pytest.mark.parametrize(
    ("symbol", "first", "last", "shares"),
    [
        # A dividend and a split of seven for one.
        ("AAPL.US", "2014-05-05", "2014-06-11", "100"),
        # One for twenty: of 1,003 shares, fifty are left and three twentieths paid out.
        ("AIG.US", "2009-06-19", "2009-07-08", "1003"),
        # A dividend alone, which a short pays.
        ("IBM.US", "2008-04-30", "2008-05-12", "-70"),
    ],
)
async def test_total_return_equals_that_of_adjusted_closes(
    symbol: str, first: str, last: str, shares: str, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    begins, ends = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (first, last))
    closes = rows(BARS, symbol, begins, ends)
    adjusted = {row["ts"]: Decimal(row["adj_close"]) for row in rows(ADJUSTED, symbol, begins, ends)}
    actions = rows(ACTIONS, symbol, begins, ends)
    assert actions
    async with platform(database_url, redis_url, tmp_path, venue=False) as desk:
        account_id = await _hold(desk, symbol, Decimal(shares), Decimal(closes[0]["close"]), begins)
        await _record(desk, actions, symbol, begins)
        await _store_closes(desk, symbol, closes)
        services = desk.services
        await roll_days(services.bus, services.market, ROLL, ends + timedelta(days=1))
        told = await statements(account_id)
        assert told[-1].day == ends.date()
        worth = [total(one.quantity * (one.mark_price or ZERO) for one in statement.positions) for statement in told]
        growth = ONE
        for (before, held_before), (after, held) in pairwise(zip(told, worth, strict=True)):
            paid = (after.closing_equity - held) - (before.closing_equity - held_before)
            # Dividends are paid before the ex-date begins; the vendor lets them join in again at its close.
            growth *= (held + paid + before.dividends) / (held_before + before.dividends)
        expected = adjusted[closes[-1]["ts"]] / adjusted[closes[0]["ts"]]
        assert abs(growth / expected - 1) < PRECISION
        dividends = total(
            Decimal(row["value"]) * _held_on(row["ts"], Decimal(shares), actions)
            for row in actions
            if row["type"] == "dividend"
        )
        assert total(one.dividends for one in told) == dividends
        assert {one.accounts_affected for one in await find_corporate_actions(services.market, symbol, None, None)} == {
            1
        }
        await assert_proved(desk, account_id)


@pytest.mark.parametrize("symbol", ["AAPL.US", "AIG.US", "IBM.US", "MSFT.US", "ORCL.US"])
def test_every_recorded_action_reproduces_the_adjusted_closes(symbol: str) -> None:
    """All years that there are, by the rules alone: a position and its prices, from close to close."""
    closes = {row["ts"]: Decimal(row["close"]) for row in rows(BARS, symbol, EVER, NEVER)}
    adjusted = {row["ts"]: Decimal(row["adj_close"]) for row in rows(ADJUSTED, symbol, EVER, NEVER)}
    actions = {row["ts"]: row for row in rows(ACTIONS, symbol, EVER, NEVER)}
    share = instrument(symbol, asset_class=AssetClass.EQUITY, lot_size=ONE)
    book = PositionBook(new_id(), new_id(), share.id, Bucket.NET, Decimal(10_000), Decimal(1), cost=Decimal(10_000))
    told = 0
    for (yesterday, before), (day, close) in pairwise(sorted(closes.items())):
        if datetime.fromisoformat(day) - datetime.fromisoformat(yesterday) > LONGEST_WEEKEND:
            # Between the years that the data holds.
            continue
        held, paid = book.quantity * before, ZERO
        if day in actions:
            done = _adjustment(actions[day], share, before)
            adjust(book, share, done, NEVER, currency=share.currency)
            paid, told = done.cash, told + 1
        growth = (book.quantity * close + paid) / held
        assert abs(growth / (adjusted[day] / adjusted[yesterday]) - 1) < PRECISION, day
    assert told == len(actions)


def _adjustment(row: dict[str, str], share: Instrument, before: Decimal) -> PositionAdjustment:
    value, ids = Decimal(row["value"]), (new_id(), new_id(), share.id, Bucket.NET)
    day = datetime.fromisoformat(row["ts"]).date()
    if row["type"] == "split":
        return PositionAdjustment(*ids, AdjustmentKind.SPLIT, day, factor=value, unit=ONE, price=before / value)
    return PositionAdjustment(*ids, AdjustmentKind.DIVIDEND, day, amount_per_unit=value)


def _held_on(day: str, shares: Decimal, actions: list[dict[str, str]]) -> Decimal:
    for row in actions:
        if row["type"] == "split" and row["ts"] < day:
            shares *= Decimal(row["value"])
    return shares


async def _hold(desk: Platform, symbol: str, shares: Decimal, price: Decimal, begins: datetime) -> UUID:
    """An account that bought (or sold short) on the first day at its close, and whose day that is."""
    terms = {"asset_class": AssetClass.EQUITY, "lot_size": ONE, "min_quantity": ONE, "shortable": True}
    await desk.add_instrument(instrument(symbol, fees=FeeSchedule(), **terms))
    await desk.quote(symbol, str(price), str(price), "10000")
    owner, account = await desk.open_account("1000000", kind=AccountKind.MARGIN)
    side = Side.BUY if shares > ZERO else Side.SELL
    async with running_venue(desk):
        await trade(desk, owner, order(account.id, symbol, side, str(abs(shares))))
    await pool().execute("UPDATE accounts SET rolled_at = $1", begins)
    await pool().execute("UPDATE executions SET created_at = $1", begins)
    return account.id


async def _record(desk: Platform, actions: list[dict[str, str]], symbol: str, now: datetime) -> None:
    services = desk.services
    for row in actions:
        is_split, value = row["type"] == "split", Decimal(row["value"])
        given = NewAction(
            symbol,
            CorporateActionKind.SPLIT if is_split else CorporateActionKind.CASH_DIVIDEND,
            datetime.fromisoformat(row["ts"]).date(),
            ratio=value if is_split else None,
            amount_per_unit=None if is_split else value,
        )
        await record_corporate_action(services.bus, services.market, ROLL, desk.admin, given, now)


async def _store_closes(desk: Platform, symbol: str, closes: list[dict[str, str]]) -> None:
    """A bar of a minute before New York's close, for each day."""
    owner = (await desk.services.market.find(symbol)).id
    values = [
        (new_id(), owner, datetime.fromisoformat(row["ts"]) + timedelta(hours=19, minutes=59), Decimal(row["close"]))
        for row in closes
    ]
    await pool().execute(
        "INSERT INTO bars (id, instrument_id, interval, at, open, high, low, close, volume) "
        "SELECT n.id, n.owner, 'MINUTE', n.at, n.price, n.price, n.price, n.price, 1 "
        "FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::numeric[]) AS n (id, owner, at, price)",
        *([list(column) for column in zip(*values, strict=True)]),
    )
