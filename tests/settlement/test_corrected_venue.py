"""The venue and corrections of the books: nothing is matched or executed on what was before them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest

from domain.accounts.types import AccountKind, PositionMode
from domain.market.actions import CorporateActionKind
from domain.orders.books.venue_step import VenueStep, process_venue_step
from domain.orders.exchange.execution_reports import Filled
from domain.orders.model.types import OrderStatus, OrderType, PositionEffect, Side
from domain.orders.queries import read_executions_of, read_orders
from tests.settlement.conftest import announce, held
from tests.support.days import assert_proved, order, roll, trade
from tests.support.trading import Platform
from workers import venue
from workers.venue import PaperVenueLoop


@asynccontextmanager
async def standing_still(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """The venue takes no step in the context, and meets all that came meanwhile at once."""
    going_on, step = asyncio.Event(), PaperVenueLoop._step

    async def later(loop: PaperVenueLoop) -> VenueStep:
        await going_on.wait()
        return await step(loop)

    with monkeypatch.context() as patched:
        patched.setattr(PaperVenueLoop, "_step", later)
        # The step that is under way, or the pause behind it, has ended.
        await asyncio.sleep(0.5)
        yield
        going_on.set()


async def test_a_close_behind_a_split_closes_what_the_split_has_left(
    desk: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, account = await desk.open_account("100000", kind=AccountKind.MARGIN, position_mode=PositionMode.HEDGING)
    await trade(desk, owner, order(account.id, "SHARE", Side.BUY, "10"))
    await announce(desk, CorporateActionKind.SPLIT, ratio="3")
    async with standing_still(monkeypatch):
        await roll(desk)
        await desk.quote("SHARE", "33.33", "33.34")
        close = order(account.id, "SHARE", Side.SELL, "30", position_effect=PositionEffect.CLOSE)
        (closing,) = await desk.place(owner, close)
    (closed,) = await desk.settled(closing.id)
    assert (closed.status, closed.filled_quantity) == (OrderStatus.FILLED, Decimal(30))
    assert [row[0] for row in await held(account.id)] == [Decimal(0)]
    await assert_proved(desk, account.id)


async def test_a_quote_behind_a_split_meets_restated_orders(desk: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, account = await desk.open_account("100000", kind=AccountKind.MARGIN)
    limit: dict[str, Any] = {"type": OrderType.LIMIT, "limit_price": Decimal(70)}
    (below,) = await trade(desk, owner, order(account.id, "SHARE", Side.BUY, "3", **limit))
    await announce(desk, CorporateActionKind.SPLIT, ratio="7")
    async with standing_still(monkeypatch):
        await roll(desk)
        await desk.quote("SHARE", "20.50", "20.60")
    # Behind the quote, so that it has been seen.
    await trade(desk, owner, order(account.id, "SHARE", Side.BUY, "1"))
    found = (await read_orders([below.id]))[below.id]
    assert (found.status, found.limit_price, found.filled_quantity) == (OrderStatus.NEW, Decimal(10), Decimal(0))
    await desk.quote("SHARE", "9.80", "9.90")
    await desk.filled(below.id, "21")
    await assert_proved(desk, account.id)


async def test_a_fill_from_before_a_split_is_not_booked_after_it(
    desk: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, account = await desk.open_account("100000", kind=AccountKind.MARGIN)
    limit: dict[str, Any] = {"type": OrderType.LIMIT, "limit_price": Decimal(70)}
    (below,) = await trade(desk, owner, order(account.id, "SHARE", Side.BUY, "3", **limit))
    await announce(desk, CorporateActionKind.SPLIT, ratio="7")
    overtaken = asyncio.Event()

    async def overtake(*arguments: Any, **options: Any) -> VenueStep:
        filled = any(isinstance(report, Filled) for report in arguments[5])
        if filled and not overtaken.is_set():
            overtaken.set()
            await roll(desk)
        return await process_venue_step(*arguments, **options)

    monkeypatch.setattr(venue, "process_venue_step", overtake)
    await desk.quote("SHARE", "59.90", "60.00")
    await overtaken.wait()
    await desk.quote("SHARE", "9.80", "9.90")
    filled = await desk.filled(below.id, "21")
    assert filled.status is OrderStatus.FILLED
    executions = (await read_executions_of([below.id]))[below.id]
    assert [(one.quantity, one.price <= 10) for one in executions] == [(Decimal(21), True)]
    await assert_proved(desk, account.id)
