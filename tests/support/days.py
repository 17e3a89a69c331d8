"""Days that pass at will: closing prices of days to come, day rolls, and what the books say of them."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.kernel.database import fetch, pool
from domain.kernel.day_roll import DayRoll
from domain.kernel.ids import new_id
from domain.kernel.time import utc_now
from domain.orders.books.proof import prove_book
from domain.orders.model.commands import PlaceOrder
from domain.orders.model.order import Order
from domain.orders.model.types import OrderType, Side, TimeInForce
from domain.settlement.queries import read_statements
from domain.settlement.rolling import Rolled, roll_days
from domain.settlement.statement import is_balanced
from domain.settlement.types import DailyStatement
from tests.support.trading import Platform

ROLL = DayRoll(time(0), ZoneInfo("UTC"))


def roll_of(days: int) -> datetime:
    """The day roll that ends today, for 1, or a later day."""
    return ROLL.next_after(utc_now()) + timedelta(days=days - 1)


async def close_at(desk: Platform, symbol: str, *prices: str | None, first: int = 1) -> None:
    """The closing prices of today and the days after it, each in its last minute; None leaves a day without."""
    instrument = await desk.services.market.find(symbol)
    rows = [
        (new_id(), instrument.id, roll_of(first + place) - timedelta(minutes=1), Decimal(price))
        for place, price in enumerate(prices)
        if price is not None
    ]
    await pool().execute(
        "INSERT INTO bars (id, instrument_id, interval, at, open, high, low, close, volume) "
        "SELECT n.id, n.owner, 'MINUTE', n.at, n.price, n.price, n.price, n.price, 1 "
        "FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::numeric[]) AS n (id, owner, at, price)",
        *([list(column) for column in zip(*rows, strict=True)]),
    )


async def roll(desk: Platform, days: int = 1) -> Rolled:
    """Run the day roll after the given number of day rolls has passed."""
    services = desk.services
    return await roll_days(services.bus, services.market, ROLL, roll_of(days))


def order(account_id: UUID, symbol: str, side: Side, quantity: str, **terms: Any) -> PlaceOrder:
    """A market order, by default GTC."""
    values: dict[str, Any] = {"type": OrderType.MARKET, "time_in_force": TimeInForce.GTC} | terms
    return PlaceOrder(account_id=account_id, symbol=symbol, side=side, quantity=Decimal(quantity), **values)


async def trade(desk: Platform, owner: Any, *commands: PlaceOrder) -> list[Order]:
    """Place orders; returns them when the venue has answered."""
    placed = await desk.place(owner, *commands)
    return await desk.settled(*(one.id for one in placed))


async def statements(account_id: UUID) -> list[DailyStatement]:
    """All statements of an account; each adds up, and begins where the one before ended."""
    found = await read_statements(account_id, None, None, 1_000)
    assert all(is_balanced(statement) for statement in found)
    for earlier, later in pairwise(found):
        assert later.opening_equity == earlier.closing_equity
    return found


async def assert_proved(desk: Platform, *account_ids: UUID) -> None:
    """Assert that the books of the accounts are proved."""
    for account_id in account_ids:
        proof = await prove_book(account_id, (await desk.services.market.catalog()).by_id)
        assert proof.breaks == []


_DUMPS = {
    "accounts": "id, state, cash, reserved, realized_pnl, fees_paid, day_opening_equity, day_transfers, rolled_at, "
    "transaction_sequence, event_sequence",
    "account_transactions": "account_id, sequence, kind, contra, amount, balance_after, note",
    "positions": "account_id, instrument_id, bucket, quantity, average_price, realized_pnl, today_quantity, "
    "held_quantity, working_buy, working_sell, reserved",
    "position_adjustments": "account_id, sequence, place, kind, day, factor, price, quantity_after, realized_pnl, cash",
    "daily_statements": "account_id, day, opening_equity, deposits, realized_pnl, unrealized_pnl_change, fees, "
    "financing, dividends, closing_equity, executions, event_sequence, transaction_sequence, positions",
    "day_closes": "day, instrument_id, price, ex_price",
    "market_days": "day, moment, restated",
    "corporate_actions": "instrument_id, kind, ex_date, effective_at, accounts_affected, applied_at IS NULL",
    "orders": "id, symbol_of.symbol, status, quantity, limit_price, pending_action, reserved",
    "account_events": "account_id, sequence, kind",
    "position_snapshots": "account_id, at, instrument_id, quantity, mark_price",
    "equity_samples": "account_id, at, equity, cash",
}


async def dump() -> dict[str, Sequence[tuple[Any, ...]]]:
    """All results of day rolls, without identifiers and times of the machine."""
    found = {}
    for table, columns in _DUMPS.items():
        source = "orders o JOIN instruments symbol_of ON symbol_of.id = o.instrument_id" if table == "orders" else table
        wanted = columns.replace("id, symbol_of", "o.id, symbol_of", 1) if table == "orders" else columns
        rows = await fetch(f"SELECT {wanted} FROM {source}")
        found[table] = sorted((tuple(row) for row in rows), key=repr)
    return found
