"""The requirements of the engine on every adapter: each test runs against each stand."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest

from domain.kernel.ids import new_id
from domain.kernel.time import NANOS_PER_SECOND, Nanos
from domain.orders.model.types import OrderStatus, OrderType, RejectReason, Side, TimeInForce
from domain.orders.venues.port import VenueUnavailable
from domain.orders.venues.types import (
    Acknowledged,
    Declined,
    NewOrder,
    OrderRef,
    ReplaceTerms,
    Unanswered,
    VenueExecution,
    VenueOrder,
    VenueReport,
    client_id_of,
    order_id_of,
)
from tests.venues.conformance.stands import STANDS, Stand

DEADLINE_SECONDS = 10.0


@pytest.fixture(params=sorted(STANDS))
async def stand(request: pytest.FixtureRequest) -> AsyncIterator[Stand]:
    async with STANDS[request.param]() as made:
        await made.quote("99.9", "100.1")
        yield made


def limit(stand: Stand, side: Side = Side.BUY, quantity: str = "1", price: str = "99", **others: Any) -> NewOrder:
    values: dict[str, Any] = {
        "client_order_id": client_id_of(new_id()),
        "symbol": stand.symbol,
        "side": side,
        "type": OrderType.LIMIT,
        "quantity": Decimal(quantity),
        "time_in_force": TimeInForce.GTC,
        "limit_price": Decimal(price),
    }
    return NewOrder(**(values | others))


def ref(order: NewOrder, venue_order_id: str | None = None) -> OrderRef:
    return OrderRef(client_order_id=order.client_order_id, symbol=order.symbol, venue_order_id=venue_order_id)


class Heard:
    """All reports since the stream was entered."""

    def __init__(self, stream: AsyncIterator[Any]) -> None:
        self.reports: list[VenueReport] = []
        self._stream = stream

    async def until(self, condition: Callable[["Heard"], bool]) -> None:
        """Listen until the condition holds."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not condition(self):
                self.reports += await anext(self._stream)

    def order(self, order: NewOrder) -> VenueOrder | None:
        """The newest word on an order: of several of one time the last."""
        words = [row for row in reversed(self.reports) if isinstance(row, VenueOrder) and is_about(row, order)]
        return max(words, key=lambda row: (row.at, not row.is_open)) if words else None

    def fills(self, venue_order_id: str) -> list[VenueExecution]:
        """The fills of an order, each once."""
        found = [
            row for row in self.reports if isinstance(row, VenueExecution) and row.venue_order_id == venue_order_id
        ]
        return list({row.venue_execution_id: row for row in found}.values())

    def ended(self, order: NewOrder, status: OrderStatus) -> bool:
        """Whether the order has been reported to end like that."""
        words = (row for row in self.reports if isinstance(row, VenueOrder) and is_about(row, order))
        return any(row.status is status for row in words)


def is_about(report: VenueOrder, order: NewOrder) -> bool:
    return report.client_order_id == order.client_order_id


@asynccontextmanager
async def heard(stand: Stand) -> AsyncIterator[Heard]:
    async with stand.venue.reports() as stream:
        yield Heard(stream)


async def place(stand: Stand, order: NewOrder) -> str:
    """Submit and return the venue's id."""
    (answer,) = await stand.venue.submit([order])
    assert isinstance(answer, Acknowledged)
    assert answer.venue_order_id is not None
    return answer.venue_order_id


async def test_venue_ids_identify_orders_of_this_platform() -> None:
    order_id = new_id()
    assert order_id_of(client_id_of(order_id)) == order_id
    assert [order_id_of(text) for text in (None, "", "x" * 32, str(order_id), order_id.hex.upper())] == [None] * 5


async def test_a_resting_order_is_acknowledged_and_listed(stand: Stand) -> None:
    order = limit(stand)
    async with heard(stand) as told:
        venue_order_id = await place(stand, order)
        await told.until(lambda told: told.order(order) is not None)
        seen = told.order(order)
    assert seen is not None
    assert (seen.venue_order_id, seen.status, seen.filled_quantity) == (venue_order_id, OrderStatus.NEW, 0)
    assert (seen.symbol, seen.side) == (stand.symbol, Side.BUY)
    assert [row.client_order_id for row in await stand.venue.open_orders()] == [order.client_order_id]
    for asked in (ref(order), ref(order, venue_order_id)):
        found = await stand.venue.order(asked)
        assert found is not None
        assert (found.client_order_id, found.venue_order_id) == (order.client_order_id, venue_order_id)
        assert (found.status, found.quantity, found.limit_price) == (OrderStatus.NEW, 1, 99)


async def test_a_cancel_is_confirmed(stand: Stand) -> None:
    order = limit(stand)
    async with heard(stand) as told:
        venue_order_id = await place(stand, order)
        assert isinstance(await stand.venue.cancel(ref(order, venue_order_id)), Acknowledged)
        await told.until(lambda told: told.ended(order, OrderStatus.CANCELED))
    assert await stand.venue.open_orders() == []
    found = await stand.venue.order(ref(order, venue_order_id))
    assert found is not None
    assert (found.status, found.filled_quantity) == (OrderStatus.CANCELED, 0)
    assert isinstance(await stand.venue.cancel(ref(order, venue_order_id)), Declined)


async def test_an_unknown_order_is_answered_as_unknown(stand: Stand) -> None:
    order = limit(stand)
    assert await stand.venue.order(ref(order)) is None
    answer = await stand.venue.cancel(ref(order))
    assert isinstance(answer, Declined)
    assert answer.reason is RejectReason.VENUE_REJECTED


async def test_a_fill_is_reported_once(stand: Stand) -> None:
    before = Nanos(Nanos.now() - NANOS_PER_SECOND)
    order = limit(stand, quantity="0.5", price="101")
    async with heard(stand) as told:
        venue_order_id = await place(stand, order)
        await told.until(lambda told: told.ended(order, OrderStatus.FILLED) and bool(told.fills(venue_order_id)))
        await told.until(lambda told: sum(row.quantity for row in told.fills(venue_order_id)) == Decimal("0.5"))
        fills = told.fills(venue_order_id)
    assert all(row.client_order_id in (None, order.client_order_id) for row in fills)
    assert all(row.symbol == stand.symbol and row.side is Side.BUY for row in fills)
    assert all(Decimal(100) <= row.price <= Decimal(101) for row in fills)
    assert all(row.fee is None or row.fee_currency is not None for row in fills)
    found = await stand.venue.order(ref(order, venue_order_id))
    assert found is not None
    assert (found.status, found.filled_quantity) == (OrderStatus.FILLED, Decimal("0.5"))
    # Asked later, the fills are the same ones.
    again = await stand.venue.executions(before)
    assert {(row.venue_execution_id, row.price, row.quantity, row.liquidity) for row in again} == {
        (row.venue_execution_id, row.price, row.quantity, row.liquidity) for row in fills
    }
    assert await stand.venue.executions(Nanos(Nanos.now() + 60 * NANOS_PER_SECOND)) == []


async def test_a_fill_of_a_resting_order_is_reported_once(stand: Stand) -> None:
    order = limit(stand, quantity="2")
    async with heard(stand) as told:
        venue_order_id = await place(stand, order)
        await stand.quote("98.5", "98.9")
        await told.until(lambda told: sum(row.quantity for row in told.fills(venue_order_id)) == 2)
        assert {row.price for row in told.fills(venue_order_id)} == {Decimal(99)}


async def test_positions_are_reported(stand: Stand) -> None:
    if not stand.venue.capabilities.positions:
        pytest.skip("this venue does not say what is held")
    assert await stand.venue.positions() == []
    order = limit(stand, quantity="0.5", price="101")
    async with heard(stand) as told:
        await place(stand, order)
        await told.until(lambda told: told.ended(order, OrderStatus.FILLED))
    (held,) = await stand.venue.positions()
    assert (held.symbol, held.quantity) == (stand.symbol, Decimal("0.5"))


async def test_a_market_order_fills(stand: Stand) -> None:
    order = limit(stand, type=OrderType.MARKET, limit_price=None)
    async with heard(stand) as told:
        venue_order_id = await place(stand, order)
        await told.until(lambda told: sum(row.quantity for row in told.fills(venue_order_id)) == 1)


async def test_a_change_is_confirmed_or_refused(stand: Stand) -> None:
    if not stand.venue.capabilities.replace:
        pytest.skip("this venue does not change orders")
    order = limit(stand)
    venue_order_id = await place(stand, order)
    terms = ReplaceTerms(quantity=Decimal(2), limit_price=Decimal("98.5"))
    answer = await stand.venue.replace(ref(order, venue_order_id), terms)
    assert isinstance(answer, Acknowledged)
    found = await stand.venue.order(ref(order, answer.venue_order_id or venue_order_id))
    assert found is not None
    assert (found.client_order_id, found.quantity, found.limit_price) == (
        order.client_order_id,
        2,
        Decimal("98.5"),
    )
    gone = limit(stand)
    assert isinstance(await stand.venue.replace(ref(gone), terms), Declined)


async def test_restated_terms_are_reported(stand: Stand) -> None:
    order = limit(stand, quantity="2")
    async with heard(stand) as told:
        venue_order_id = await place(stand, order)
        await told.until(lambda told: told.order(order) is not None)
        await stand.restate(order.client_order_id, "1.5")
        await told.until(lambda told: states(told.order(order), "1.5"))
        seen = told.order(order)
    assert seen is not None
    assert (seen.status, seen.filled_quantity, seen.limit_price) == (OrderStatus.NEW, 0, 99)
    found = await stand.venue.order(ref(order, venue_order_id))
    (listed,) = await stand.venue.open_orders()
    assert [row.quantity for row in (found, listed) if row is not None] == [Decimal("1.5")] * 2
    assert found is not None
    # Whoever asks later is not told an older time.
    assert min(found.at, listed.at) >= seen.at


def states(seen: VenueOrder | None, quantity: str) -> bool:
    """Whether the venue says that it has an order for so much."""
    return seen is not None and seen.quantity == Decimal(quantity)


async def test_a_batch_is_answered_in_its_order(stand: Stand) -> None:
    size = min(stand.venue.capabilities.batch_size, 5)
    orders = [limit(stand, price=str(90 + place)) for place in range(size)]
    answers = await stand.venue.submit(orders)
    assert all(isinstance(answer, Acknowledged) for answer in answers)
    for order, answer in zip(orders, answers, strict=True):
        found = await stand.venue.order(ref(order))
        assert found is not None
        assert isinstance(answer, Acknowledged)
        assert (found.venue_order_id, found.limit_price) == (answer.venue_order_id, order.limit_price)


async def test_concurrent_requests_are_answered(stand: Stand) -> None:
    orders = [limit(stand, price=str(90 + place)) for place in range(5)]
    await asyncio.gather(*(place(stand, order) for order in orders))
    there = await stand.venue.open_orders()
    assert {row.client_order_id for row in there} == {order.client_order_id for order in orders}


async def test_an_order_whose_answer_is_lost_is_found_again(stand: Stand) -> None:
    order = limit(stand)
    await stand.lose_next_answer()
    (answer,) = await stand.venue.submit([order])
    assert isinstance(answer, Unanswered)
    found = await stand.venue.order(ref(order))
    assert found is not None
    assert found.status is OrderStatus.NEW
    await stand.lose_next_answer()
    assert isinstance(await stand.venue.cancel(ref(order, found.venue_order_id)), Unanswered)
    found = await stand.venue.order(ref(order, found.venue_order_id))
    assert found is not None
    assert found.status is OrderStatus.CANCELED


async def test_an_order_whose_request_is_lost_is_not_there(stand: Stand) -> None:
    order = limit(stand)
    await stand.lose_next_request()
    (answer,) = await stand.venue.submit([order])
    assert isinstance(answer, Unanswered)
    assert await stand.venue.order(ref(order)) is None
    assert await stand.venue.open_orders() == []


async def test_a_failed_question_is_not_an_empty_answer(stand: Stand) -> None:
    order = limit(stand)
    await stand.be_unreachable()
    questions: list[Callable[[], Any]] = [
        stand.venue.open_orders,
        lambda: stand.venue.order(ref(order)),
        lambda: stand.venue.executions(Nanos(0)),
    ]
    if stand.venue.capabilities.positions:
        questions.append(stand.venue.positions)
    for ask in questions:
        with pytest.raises(VenueUnavailable):
            await ask()
    (answer,) = await stand.venue.submit([order])
    assert isinstance(answer, Unanswered)
    assert isinstance(await stand.venue.cancel(ref(order)), Unanswered)


async def test_a_broken_connection_is_reported_and_can_be_reopened(stand: Stand) -> None:
    order = limit(stand)
    async with stand.venue.reports() as stream:
        told = Heard(stream)
        await place(stand, order)
        await told.until(lambda told: told.order(order) is not None)
        await stand.hang_up()
        with pytest.raises((VenueUnavailable, StopAsyncIteration)):
            await told.until(lambda told: False)
    async with heard(stand) as again:
        assert isinstance(await stand.venue.cancel(ref(order)), Acknowledged)
        await again.until(lambda told: told.ended(order, OrderStatus.CANCELED))
