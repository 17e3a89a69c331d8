"""Reports of a venue in any order, repeated or lost: the books end the same."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.accounts.types import AccountKind
from domain.market.types import Instrument
from domain.orders.model.commands import OrderLeg, PlaceBracket, PlaceOco
from domain.orders.model.types import Contingency, OrderStatus, OrderType, Side
from domain.orders.venues.types import Capabilities, VenueExecution
from domain.positions.types import Bucket
from tests.orders.factories import PERPETUAL, command
from tests.support.loopback import EVERYTHING, PLAIN, LoopbackVenue
from tests.support.remote_world import RemoteWorld

# Takes stops and changes, and links nothing.
LOOSE = replace(EVERYTHING, brackets=False, oco=False, reduce_only=False, times_in_force=PLAIN.times_in_force)
# Exits above it go to the venue in parts.
SLICED = replace(PERPETUAL, max_quantity=Decimal(2))
# A few prices around 100, so that orders meet each other and the market.
PRICES = [Decimal(price) for price in (97, 98, 99, 100, 101, 102, 103)]
STEPS = st.one_of(
    st.tuples(st.just("place"), st.sampled_from(list(Side)), st.sampled_from(PRICES), st.integers(1, 4)),
    st.tuples(st.just("stop"), st.sampled_from(list(Side)), st.sampled_from(PRICES), st.integers(1, 4)),
    st.tuples(st.just("bracket"), st.just(0), st.just(0), st.integers(1, 4)),
    st.tuples(st.just("oco"), st.sampled_from(list(Side)), st.just(0), st.integers(1, 4)),
    st.tuples(st.just("reduce"), st.sampled_from(list(Side)), st.sampled_from(PRICES), st.integers(1, 4)),
    st.tuples(st.just("exit"), st.sampled_from(list(Side)), st.sampled_from(PRICES), st.integers(1, 4)),
    st.tuples(st.just("trail"), st.sampled_from(list(Side)), st.just(0), st.integers(1, 4)),
    st.tuples(st.just("quote"), st.just(0), st.sampled_from(PRICES), st.integers(1, 3)),
    st.tuples(st.just("cancel"), st.just(0), st.just(0), st.integers(0, 9)),
    st.tuples(st.just("modify"), st.just(0), st.sampled_from(PRICES), st.integers(0, 9)),
    st.tuples(st.just("restate"), st.booleans(), st.sampled_from(PRICES), st.integers(1, 9)),
    st.tuples(st.just("resize"), st.just(0), st.just(0), st.integers(0, 30)),
    st.tuples(st.just("otherwise"), st.just(0), st.just(0), st.integers(0, 3)),
    st.tuples(st.just("send"), st.booleans(), st.just(0), st.just(0)),
    st.tuples(st.just("lose"), st.just(0), st.just(0), st.just(0)),
    st.tuples(st.just("deliver"), st.booleans(), st.just(0), st.integers(0, 99)),
    st.tuples(st.just("restart"), st.just(0), st.just(0), st.just(0)),
    st.tuples(st.just("drop"), st.just(0), st.just(0), st.integers(0, 99)),
)


Step = tuple[str, object, object, int]


async def play(can: Capabilities, steps: list[Step], instrument: Instrument = PERPETUAL) -> RemoteWorld:
    """Do all steps, then let everything come to rest."""
    world = RemoteWorld(instrument, "100000", LoopbackVenue(capabilities=can), AccountKind.MARGIN)
    for step in steps:
        place(world, step)
        change(world, step)
        await happen(world, step)
    # What is dropped may be an answer: what is on the wire then is answered by nobody.
    for request in list(world.session.outbox.requests()):
        if request.flying and not any(getattr(item, "request", None) is request for item in world.mail):
            world.session.outbox.landed(request.id, world.now)
    await world.clear_up()
    return world


def place(world: RemoteWorld, step: Step) -> None:
    """An order or a group, if that is the step."""
    kind, side, price, quantity = step
    terms: dict[str, Any] = {"symbol": "COIN-PERP", "quantity": Decimal(quantity), "side": side, "limit_price": None}
    stop = {"type": OrderType.STOP}
    high, low = Decimal(103), Decimal(97)
    if kind == "place":
        world.place(command(**terms | {"limit_price": price}))
    elif kind == "stop":
        world.place(command(**terms | stop | {"stop_price": price}))
    elif kind == "trail":
        world.place(command(**terms | {"type": OrderType.TRAILING_STOP, "trailing_offset": Decimal(2)}))
    elif kind == "reduce":
        world.place(command(**terms | {"limit_price": price, "reduce_only": True}))
    elif kind == "exit":
        world.place(command(**terms | stop | {"stop_price": price, "reduce_only": True}))
    elif kind == "oco":
        take, loss = (high, low) if side is Side.SELL else (low, high)
        world.oco(PlaceOco(command(**terms | {"limit_price": take}), command(**terms | stop | {"stop_price": loss})))
    elif kind == "bracket":
        entry = command(**terms | {"type": OrderType.MARKET, "side": Side.BUY})
        take_profit = OrderLeg(OrderType.LIMIT, limit_price=Decimal(102))
        world.bracket(PlaceBracket(entry, take_profit, OrderLeg(OrderType.STOP, stop_price=Decimal(98))))


def change(world: RemoteWorld, step: Step) -> None:
    """A cancel or a change of an order, if that is the step."""
    kind, _, price, number = step
    orders = list(world.orders.values())
    if kind not in ("cancel", "modify", "resize") or not orders:
        return
    order = orders[number % len(orders)]
    if kind == "cancel" and order.is_open:
        world.cancel(order)
    fit = order.status is OrderStatus.NEW and order.type is OrderType.LIMIT and not order.pending_changes
    if kind == "modify" and fit and order.limit_price != price and world.there.capabilities.replace:
        world.modify(order, limit_price=price)
    wanted, alone = Decimal(number // 5 + 1), order.contingency is Contingency.NONE and not order.reduce_only
    if kind == "resize" and fit and alone and wanted not in (order.quantity, order.filled_quantity):
        world.modify(order, quantity=max(wanted, order.filled_quantity))


def restate(world: RemoteWorld, flag: object, price: object, number: int) -> None:
    """The venue changes one of its orders by itself."""
    there = [order for order in world.there.working() if order.limit_price is not None]
    if there and isinstance(price, Decimal):
        order = there[number % len(there)]
        terms = {"quantity": Decimal(number)} if flag else {"limit_price": price}
        world.there.restate(order.client_order_id or "", **terms)


async def happen(world: RemoteWorld, step: Step) -> None:
    """Whatever happens by itself, if that is the step."""
    kind, flag, price, number = step
    if kind == "quote":
        assert isinstance(price, Decimal)
        world.tick(str(price - Decimal("0.01")), str(price + Decimal("0.01")), str(number))
    elif kind == "send":
        await world.send(lose_answers=bool(flag))
    elif kind == "lose":
        world.there.faults.lost_requests = 1
    elif kind == "restate":
        restate(world, flag, price, number)
    elif kind == "otherwise":
        more = Decimal(number)
        world.there.faults.otherwise = lambda terms: replace(terms, quantity=terms.quantity + more)
    elif kind == "restart":
        world.restart()
    elif kind == "deliver" and world.mail:
        world.deliver(number % len(world.mail), keep=bool(flag))
    elif kind == "drop" and world.mail:
        world.mail.pop(number % len(world.mail))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEPS, max_size=40))
def test_the_books_end_equal_to_the_venue(steps: list[Step]) -> None:
    for can, instrument in ((EVERYTHING, PERPETUAL), (LOOSE, PERPETUAL), (PLAIN, PERPETUAL), (LOOSE, SLICED)):
        world = asyncio.run(_proved(can, steps, instrument))
        assert len(world.session.outbox) == 0


async def _proved(can: Capabilities, steps: list[Step], instrument: Instrument) -> RemoteWorld:
    world = await play(can, steps, instrument)
    await world.check_truth()
    await world.check_ends()
    if not world.book.position(world.instrument.id, Bucket.NET).quantity:
        world.check_flat()
    # Each request about an order was sent once, however its answer came.
    submitted = world.there.requests("submit")
    assert len(submitted) == len(set(submitted))
    return world


@settings(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False), st.lists(st.integers(1, 5), min_size=1, max_size=8))
def test_fills_in_any_order_and_repetition_give_one_result(random: Random, sizes: list[int]) -> None:
    """The same fills, shuffled and repeated, before and after the acknowledgement: one result."""

    async def outcome(*, shuffled: bool) -> tuple[object, ...]:
        world = RemoteWorld(PERPETUAL, "100000", LoopbackVenue(capabilities=EVERYTHING), AccountKind.MARGIN)
        order = world.place(command(symbol="COIN-PERP", quantity=Decimal(sum(sizes)), limit_price=Decimal(99)))
        await world.send()
        for size in sizes:
            world.there.quote("COIN-PERP", "98", "98.5", str(size))
        mail = list(world.mail)
        world.mail.clear()
        if shuffled:
            mail = mail + [item for item in mail if isinstance(item, VenueExecution)]
            random.shuffle(mail)
        for item in mail:
            world.take(item)
        await world.clear_up()
        await world.check_truth()
        position = next(iter(world.book.positions.values()))
        return (
            order.status,
            order.filled_quantity,
            order.average_price,
            order.fees,
            position.quantity,
            position.average_price,
            world.book.account.cash,
            world.book.account.reserved,
        )

    assert asyncio.run(outcome(shuffled=True)) == asyncio.run(outcome(shuffled=False))
