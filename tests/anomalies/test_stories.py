"""Trading on the paper venue, as detectors read it from the events of accounts: usual days, then misdeeds, one a day.

Orders, fills and cancels are real. Only the times of their events are moved, into the days of the story: what is usual
takes days to learn.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest

from domain.access.types import OWNED, Actor
from domain.accounts.service import MoveCash, OpenAccount, deposit, open_account
from domain.anomalies.anomaly import Anomaly
from domain.anomalies.running import run_detectors
from domain.anomalies.service import UpdateDetector, update_detector
from domain.anomalies.types import AnomalyKind
from domain.kernel.database import fetch
from domain.kernel.ids import new_id
from domain.kernel.unit_of_work import unit_of_work
from domain.orders.entry.canceling import cancel_orders
from domain.orders.model.commands import CancelOrders, ModifyOrder, OrderKey, PlaceOrder
from domain.orders.model.order import Order
from domain.orders.model.types import OrderType, Side
from tests.orders.factories import SPOT, command
from tests.support.trading import Platform, platform

MONDAY = datetime(2024, 3, 4, 9, 1, tzinfo=UTC)
ROUNDS = 36
ROUND, DAY = timedelta(minutes=10), timedelta(days=1)
# Events of one moment follow each other so closely.
STEP = timedelta(milliseconds=10)
WARMUPS = {
    AnomalyKind.TRADE_FREQUENCY: 20,
    AnomalyKind.PRICE_DEVIATION: 40,
    AnomalyKind.ORDER_SIZE: 40,
    AnomalyKind.LOSS_PATTERN: 20,
    AnomalyKind.CANCEL_RATIO: 2,
    AnomalyKind.LAYERING: 20,
    AnomalyKind.RAMPING: 10,
}


@dataclass
class Story:
    """Two accounts of one owner, and the time that their next events get."""

    desk: Platform
    owner: Actor
    account_id: UUID
    twin_id: UUID
    now: datetime = MONDAY

    async def quote(self, middle: Decimal) -> None:
        """The market around a price, two cents wide."""
        cent = Decimal("0.01")
        await self.desk.quote(SPOT.symbol, str(middle - cent), str(middle + cent))

    def order(self, side: Side, price: str | Decimal, quantity: str | Decimal, **others: Any) -> PlaceOrder:
        """A limit order of the first account."""
        terms = {"account_id": self.account_id, "side": side, "limit_price": Decimal(price)}
        return command(**(terms | {"quantity": Decimal(quantity)} | others))

    def at_market(self, side: Side, quantity: str | Decimal, **others: Any) -> PlaceOrder:
        """A market order of the first account."""
        terms = {"account_id": self.account_id, "side": side, "quantity": Decimal(quantity), "type": OrderType.MARKET}
        return command(**(terms | others))

    async def trade(self, *commands: PlaceOrder) -> list[Order]:
        """Place orders and wait for the venue's answers; no order is refused."""
        placed = await self.desk.place(self.owner, *commands)
        orders = await self.desk.settled(*(order.id for order in placed))
        assert {order.status for order in orders} <= {"NEW", "FILLED"}
        return orders

    async def cancel(self, *orders: Order) -> set[str]:
        """Cancel these orders one by one, or all working orders of the first account; returns their ids."""
        services = self.desk.services
        if orders:
            await asyncio.gather(
                *(services.canceling.cancel_order(self.owner, OrderKey(id=order.id)) for order in orders)
            )
        asked = orders or await cancel_orders(services.bus, self.owner, CancelOrders(self.account_id))
        ended = await self.desk.settled(*(order.id for order in asked))
        assert {order.status for order in ended} == {"CANCELED"}
        return {str(order.id) for order in ended}

    async def tell(self, step: timedelta = STEP) -> None:
        """Give new times to the events since the last call, ``step`` apart."""
        async with unit_of_work(self.desk.services.bus) as work:
            await work.execute(
                "UPDATE account_events e SET at = $1::timestamptz + place * $2::interval FROM (SELECT account_id, "
                "sequence, row_number() OVER (ORDER BY at, account_id, sequence) AS place FROM account_events "
                "WHERE at > $3::timestamptz) n WHERE e.account_id = n.account_id AND e.sequence = n.sequence",
                self.now,
                step,
                MONDAY + 30 * DAY,
            )

    async def found(self) -> tuple[Anomaly, ...]:
        """The findings in the events since the last run of the detectors."""
        report = await run_detectors(self.desk.services.bus)
        assert report.events > 0
        return report.anomalies


@pytest.fixture
async def story(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Story]:
    """The owner has money and a few coins."""
    async with platform(database_url, redis_url, tmp_path) as desk:
        await desk.add_instrument(replace(SPOT, id=new_id()))
        owner, book = await desk.open_account("1000000")
        twin = await open_account(
            desk.services.access, owner, OpenAccount(name="Twin", currency="USD"), venues=desk.services.venues
        )
        accounts = dict.fromkeys((book.id, twin.id), OWNED)
        owner = Actor(owner.user_id, owner.email, owner.role, accounts)
        await deposit(desk.services.bus, owner, MoveCash(twin.id, Decimal(1_000_000), "opening"))
        for kind, warmup in WARMUPS.items():
            await update_detector(desk.services.bus, desk.admin, UpdateDetector(kind, warmup=warmup))
        async with unit_of_work(desk.services.bus) as work:
            # The log of events is append-only, but for who owns the database.
            await work.execute("ALTER TABLE account_events DISABLE TRIGGER account_events_append_only")
        yield Story(desk, owner, book.id, twin.id)


async def usual_hours(story: Story, rounds: int, seed: int) -> None:
    """Every ten minutes two takers on one side, and a quote on both sides that is taken back."""
    chance = random.Random(seed)
    for index in range(rounds):
        side = (Side.BUY, Side.SELL)[index % 2]
        middle, quoted = Decimal(chance.randrange(9_950, 10_050)) / 100, list[Order]()
        for shift in (Decimal(0), Decimal(chance.randrange(-3, 4)) / 100):
            await story.quote(middle + shift)
            price, size = middle + shift, Decimal(chance.randrange(50, 150)) / 100
            resting = story.order(side.opposite, price - side.opposite.sign * Decimal("0.30"), size)
            quoted.append((await story.trade(story.at_market(side, size), resting))[1])
        await story.cancel(*quoted)
        await story.tell()
        story.now += ROUND


async def fills_of(orders: Sequence[Order]) -> set[str]:
    rows = await fetch("SELECT id FROM executions WHERE order_id = ANY($1::uuid[])", [order.id for order in orders])
    return {str(row["id"]) for row in rows}


Named = dict[str, set[str]]


async def wash(story: Story) -> Named:
    """The twin buys what the account offers, lot by lot."""
    await story.quote(Decimal(100))
    sizes = [Decimal(20 + index) / 100 for index in range(8)]
    offers = [story.order(Side.SELL, "100.01", size) for size in sizes]
    takes = [story.at_market(Side.BUY, size, account_id=story.twin_id) for size in sizes]
    orders = await story.trade(*offers, *takes)
    await story.quote(Decimal("100.02"))
    for order, size in zip(orders, sizes, strict=False):
        await story.desk.filled(order.id, str(size))
    await story.tell()
    return {"executionIds": await fills_of(orders)}


async def hurry(story: Story) -> Named:
    """Eighty orders within seconds; they go on working."""
    orders = await story.trade(*(story.order(Side.BUY, "98", "0.5") for _ in range(80)))
    await story.tell()
    return {"orderIds": {str(order.id) for order in orders}}


async def take_back(story: Story) -> Named:
    """All of those are cancelled; among the last fifty that ended are cancels from before too."""
    await story.cancel()
    await story.tell()
    return {"orderIds": {str(row["id"]) for row in await fetch("SELECT id FROM orders WHERE status = 'CANCELED'")}}


async def layer(story: Story) -> Named:
    """Offers at one price are spread to press on the market, a little is bought, and the offers go."""
    await story.quote(Decimal(100))
    offers = await story.trade(*(story.order(Side.SELL, "100.30", "2.5") for _ in range(4)))
    for index, offer in enumerate(offers):
        change = ModifyOrder(OrderKey(id=offer.id), limit_price=Decimal("100.05") + Decimal(index) / 100)
        await story.desk.services.modifying.modify_order(story.owner, change)
    await story.desk.settled(*(offer.id for offer in offers))
    bought = await story.trade(story.at_market(Side.BUY, "0.05"))
    orders = await story.cancel(*offers) | {str(order.id) for order in bought}
    await story.tell()
    return {"orderIds": orders, "executionIds": await fills_of(bought)}


async def lose(story: Story) -> Named:
    """Repeated round trips with a loss; losses just before belong to the streak."""
    await story.quote(Decimal(104))
    await story.trade(story.at_market(Side.SELL, "0.05"))
    await story.tell()
    story.now += ROUND
    for _ in range(25):
        await story.quote(Decimal("99.6"))
        await story.trade(story.at_market(Side.BUY, "0.05"))
        await story.quote(Decimal("99.3"))
        await story.trade(story.at_market(Side.SELL, "0.05"))
    await story.tell(timedelta(minutes=1))
    return {"executionIds": {str(row["id"]) for row in await fetch("SELECT id FROM executions")}}


async def ramp(story: Story) -> Named:
    """Buying after buying at a higher price each time."""
    orders: list[Order] = []
    for index in range(8):
        await story.quote(Decimal(100) + Decimal(index) * 2)
        orders += await story.trade(story.at_market(Side.BUY, "0.5"))
    await story.tell(timedelta(seconds=40))
    return {"executionIds": await fills_of(orders)}


async def mistype(story: Story) -> Named:
    """A digit is wrong."""
    await story.quote(Decimal(100))
    orders = await story.trade(story.order(Side.SELL, "91", "0.5"))
    await story.tell()
    return {"orderIds": {str(order.id) for order in orders}}


MISDEEDS: dict[AnomalyKind, Callable[[Story], Awaitable[Named]]] = {
    AnomalyKind.TRADE_FREQUENCY: hurry,
    AnomalyKind.CANCEL_RATIO: take_back,
    AnomalyKind.LAYERING: layer,
    AnomalyKind.WASH_TRADE: wash,
    AnomalyKind.LOSS_PATTERN: lose,
    AnomalyKind.PRICE_DEVIATION: mistype,
    AnomalyKind.RAMPING: ramp,
}


async def test_normal_trading_raises_nothing_and_each_manipulation_is_found_in_stored_events(story: Story) -> None:
    await story.quote(Decimal(100))
    await story.trade(*(story.at_market(Side.BUY, "3") for _ in range(12)))
    await story.tell()
    for part in range(3):
        story.now = MONDAY + part * DAY
        await usual_hours(story, ROUNDS // 3, part)
        assert await story.found() == ()
    told = 0
    for day, (kind, misdeed) in enumerate(MISDEEDS.items(), 3):
        story.now = MONDAY + day * DAY
        await usual_hours(story, 2, day)
        assert await story.found() == ()
        named = await misdeed(story)
        anomalies = await story.found()
        assert {anomaly.kind for anomaly in anomalies} == {kind}
        for anomaly in anomalies:
            evidence = orjson.loads(anomaly.evidence)
            for ids, stored in named.items():
                assert evidence[ids]
                assert set(evidence[ids]) <= stored, kind
            assert anomaly.account_id in {story.account_id, story.twin_id}
            assert anomaly.score >= anomaly.threshold == 5
        told += len(anomalies)
    assert await fetch("SELECT count(*) FROM risk_events WHERE source = 'anomaly'") == [(told,)]
