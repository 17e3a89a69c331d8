"""Funding at an exchange's own hours: once each, for what was held when the hour struck."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from domain.accounts.types import AccountKind
from domain.kernel.database import fetch
from domain.kernel.ids import new_id
from domain.kernel.time import utc_now
from domain.market.rules import InstrumentChange
from domain.market.service import update_instrument
from domain.market.types import FeeSchedule
from domain.orders.books.proof import prove_book
from domain.orders.model.types import Side
from domain.settlement.funding import FundedPosition, due_hours, funding_of, post_due_funding
from tests.orders.factories import INVERSE, PERPETUAL
from tests.support.days import order, trade
from tests.support.trading import Platform

D = Decimal
DAY = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedules", "after", "until", "hours"),
    [
        ([(0, 8, 16)], 0, 24, [8, 16, 24]),  # the hour that was reached is done
        ([(0, 8, 16)], 7, 8, [8]),
        ([(0, 8, 16)], 8, 15, []),
        ([(0, 8, 16), (4, 8)], 1, 9, [4, 8]),
        ([(23,)], 0, 72, [23, 47, 71]),
        ([()], 0, 72, []),
    ],
)
def test_funding_is_due_at_each_hour_of_the_schedule(
    schedules: list[tuple[int, ...]], after: int, until: int, hours: list[int]
) -> None:
    found = due_hours(schedules, DAY + timedelta(hours=after), DAY + timedelta(hours=until))
    assert found == [DAY + timedelta(hours=hour) for hour in hours]


@pytest.mark.parametrize(
    ("terms", "quantity", "price", "rate", "paid"),
    [
        (PERPETUAL, "2", "100", "1", "-0.02"),  # a long pays
        (PERPETUAL, "-2", "100", "1", "0.02"),
        (PERPETUAL, "2", "100", "0.8", "-0.016"),
        (INVERSE, "3", "100", "1", "-0.0003"),  # 3 x 100 / 100 coins
        (PERPETUAL, "2", None, "1", "0"),
        (PERPETUAL, "0", "100", "1", "0"),
    ],
)
def test_funding_is_paid_by_position_price_and_rate(
    terms: Any, quantity: str, price: str | None, rate: str, paid: str
) -> None:
    instrument = replace(terms, funding_rate=D("0.0001"))
    assert funding_of(FundedPosition(instrument, D(quantity), None if price is None else D(price), D(rate))) == D(paid)


async def rows(account_id: UUID) -> list[tuple[Any, ...]]:
    found = await fetch(
        "SELECT amount, note FROM account_transactions WHERE account_id = $1 AND kind = 'FUNDING' ORDER BY sequence",
        account_id,
    )
    return [tuple(row) for row in found]


async def test_missed_funding_hours_are_posted_once_in_order(desk: Platform) -> None:
    terms = replace(PERPETUAL, id=new_id(), symbol="FUNDED", fees=FeeSchedule(), funding_hours=(0, 8, 16))
    await desk.add_instrument(replace(terms, funding_rate=D("0.001")))
    await desk.quote("FUNDED", "100", "100")
    owner, account = await desk.open_account("1000", kind=AccountKind.MARGIN)
    await trade(desk, owner, order(account.id, "FUNDED", Side.BUY, "2"))
    bus, market, now = desk.services.bus, desk.services.market, utc_now()
    assert await post_due_funding(bus, market, now) in (0, 1)
    assert await rows(account.id) == []
    later = now + timedelta(hours=24)
    # Whoever else does it at the same time does nothing more.
    await asyncio.gather(*(post_due_funding(bus, market, later) for _ in range(3)))
    hours = due_hours([(0, 8, 16)], now, later.replace(minute=0, second=0, microsecond=0))
    assert len(hours) == 3
    notes = [f"{hour:%Y-%m-%dT%H:%MZ} funding of 2 FUNDED at 100 at 0.001" for hour in hours]
    assert await rows(account.id) == [(D("-0.20"), note) for note in notes]
    assert await post_due_funding(bus, market, later) == 0
    proof = await prove_book(account.id, (await market.catalog()).by_id)
    assert proof.breaks == []
    # The day roll charges what has hours of its own nothing; without hours it is once a day again.
    admin = desk.admin
    changed = await update_instrument(bus, market, admin, "FUNDED", InstrumentChange(funding_hours=()))
    assert changed.funding_hours == ()
    assert await post_due_funding(bus, market, later + timedelta(days=1)) == 0
