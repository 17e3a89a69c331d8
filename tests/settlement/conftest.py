"""A platform with the paper venue's router, a share, a coin, a perpetual and a future that quote around 100."""

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from domain.accounts.types import AccountKind
from domain.kernel.ids import new_id
from domain.market.types import AssetClass, FeeSchedule
from domain.orders.model.types import Side
from tests.orders.factories import PERPETUAL, SPOT
from tests.support.days import close_at, order, trade
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
