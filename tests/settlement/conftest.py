"""A platform with the paper venue's router, a share, a coin, a perpetual and a future that quote around 100."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from domain.accounts.types import AccountKind
from domain.kernel.database import fetch
from domain.kernel.ids import new_id
from domain.kernel.time import utc_now
from domain.market.action_service import record_corporate_action
from domain.market.actions import CorporateAction, CorporateActionKind, NewAction
from domain.market.types import AssetClass, FeeSchedule
from domain.orders.model.types import Side
from tests.orders.factories import PERPETUAL, SPOT
from tests.support.days import ROLL, close_at, order, roll_of, trade
from tests.support.trading import Platform, instrument, platform

FREE = FeeSchedule()
SHARE = {"asset_class": AssetClass.EQUITY, "lot_size": Decimal(1), "min_quantity": Decimal(1), "shortable": True}
MARGIN_RATES = {"initial_margin_rate": Decimal("0.1"), "maintenance_margin_rate": Decimal("0.05")}


async def add_instruments(desk: Platform) -> None:
    """The four, each with a quote of 99.99 to 100.01."""
    await desk.add_instrument(replace(SPOT, id=new_id()))
    await desk.add_instrument(replace(PERPETUAL, id=new_id()))
    await desk.add_instrument(instrument("SHARE", fees=FREE, **SHARE))
    await desk.add_instrument(
        instrument(
            "FUT",
            asset_class=AssetClass.FUTURE,
            lot_size=Decimal(1),
            min_quantity=Decimal(1),
            multiplier=Decimal(10),
            fees=FREE,
            **MARGIN_RATES,
        )
    )
    for symbol in ("COIN", "COIN-PERP", "SHARE", "FUT"):
        await desk.quote(symbol, "99.99", "100.01")


def ex_date(days: int = 1) -> date:
    """The day that begins with the roll after so many days."""
    return roll_of(days).date()


async def announce(desk: Platform, kind: CorporateActionKind, days: int = 1, **figures: Any) -> CorporateAction:
    """Record an action, by default of SHARE, that takes effect with the day after ``days`` rolls."""
    values = {
        name: Decimal(value) if name in ("ratio", "amount_per_unit") else value for name, value in figures.items()
    }
    given = NewAction(**({"symbol": "SHARE", "kind": kind, "ex_date": ex_date(days)} | values))
    services = desk.services
    return await record_corporate_action(services.bus, services.market, ROLL, desk.admin, given, utc_now())


async def held(account_id: UUID) -> list[tuple[Any, ...]]:
    """The positions of an account: quantity, average price, and the units of today and held back."""
    rows = await fetch(
        "SELECT p.quantity, p.average_price, p.today_quantity, p.held_quantity FROM positions p "
        "JOIN instruments i ON i.id = p.instrument_id WHERE account_id = $1 ORDER BY p.bucket",
        account_id,
    )
    return [tuple(row) for row in rows]


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(database_url, redis_url, tmp_path) as whole:
        await add_instruments(whole)
        yield whole


@pytest.fixture
async def prepared(database_url: str, redis_url: str, tmp_path: Path) -> tuple[str, list[UUID]]:
    """Three accounts that hold something, and the closing prices of the week to come."""
    accounts = []
    async with platform(database_url, redis_url, tmp_path) as desk:
        await add_instruments(desk)
        for number in range(3):
            owner, account = await desk.open_account("100000", kind=AccountKind.MARGIN)
            await trade(
                desk,
                owner,
                order(account.id, "FUT", Side.BUY if number else Side.SELL, str(number + 1)),
                order(account.id, "COIN", Side.BUY, "2.5"),
            )
            accounts.append(account.id)
        await close_at(desk, "FUT", "101", "99", None, "103", "97.5", "98", "105")
        await close_at(desk, "COIN", "100", "101", "102", "103", "104", "105", "106")
    return database_url, accounts
