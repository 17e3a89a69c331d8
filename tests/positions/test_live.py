"""Old state plus events equals fresh state; live figures equal the queried ones; and what the day roll changes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from domain.accounts.event_queries import read_events
from domain.accounts.types import AccountKind
from domain.kernel.day_roll import DayRoll
from domain.kernel.errors import NotFound
from domain.kernel.ids import new_id
from domain.market.service import InstrumentChange, update_instrument
from domain.orders.model.types import OrderType, Side
from domain.positions.live import apply_events, load_account
from domain.positions.streams import live_account, live_positions
from domain.positions.values import AccountValue
from domain.settlement.rolling import roll_days
from tests.orders.factories import command
from tests.positions.conftest import Holder
from tests.support.databases import connected
from tests.support.trading import Platform
from tests.support.waiting import take

HALF_A_CENT = Decimal("0.005")


def figures(value: AccountValue) -> AccountValue:
    """The value without what live figures do not follow (the ledger's head, the version), and without what is flat."""
    account = replace(value.account, transaction_sequence=0, transaction_hash="", version=0)
    return replace(value, account=account, positions=tuple(row for row in value.positions if row.quantity))


async def until_value(stream: AsyncIterator[AccountValue], condition: Callable[[AccountValue], bool]) -> AccountValue:
    """The first value that meets the condition."""
    while not condition(value := (await take(stream, 1))[0]):
        pass
    return value


async def test_old_state_plus_events_equals_fresh_state(holder: Holder) -> None:
    account, positions = await load_account(holder.id)
    assert positions == []
    await holder.buy("3")
    await holder.order("COIN-PERP", Side.BUY, "1", type=OrderType.LIMIT, limit_price=Decimal(90))
    await holder.sell("5")
    events = await read_events(holder.id, account.event_sequence)
    changed = apply_events(account, events)
    assert apply_events(account, events) == {}
    fresh, held = await load_account(holder.id)
    assert replace(account, transaction_sequence=0, transaction_hash="", version=0) == replace(
        fresh, transaction_sequence=0, transaction_hash="", version=0
    )
    assert list(changed.values()) == held


async def test_live_figures_follow_fills_and_quotes_and_equal_the_queried_ones(holder: Holder) -> None:
    services = holder.desk.services
    async with aclosing(live_account(services.live, holder.id, 0.02)) as stream:
        (first,) = await take(stream, 1)
        assert (first.equity, first.positions) == (Decimal(1000), ())
        await holder.buy("3")
        await holder.order("COIN-PERP", Side.SELL, "1", type=OrderType.LIMIT, limit_price=Decimal(120))
        await holder.desk.quote("COIN-PERP", "109.99", "110.01")
        value = await until_value(
            stream, lambda row: row.unrealized_pnl == Decimal("29.97") and row.positions[0].frozen == 1
        )
        assert figures(value) == figures((await services.books.read([holder.id]))[holder.id])
        await holder.sell("2")
        flat = await until_value(stream, lambda row: row.positions[0].quantity == 1)
        assert figures(flat) == figures((await services.books.read([holder.id]))[holder.id])
        # What was told before stays as it was told.
        assert (value.positions[0].quantity, value.cash) == (Decimal(3), Decimal(1000) - Decimal("0.30"))


async def test_quotes_are_followed_without_the_database(holder: Holder, database_url: str) -> None:
    await holder.buy("3")
    async with aclosing(live_account(holder.desk.services.live, holder.id, 0.0)) as stream:
        await take(stream, 1)
        async with connected(database_url) as other, other.transaction():
            # Nobody reads these tables now; whoever tries waits.
            await other.execute("LOCK TABLE accounts, positions, account_events IN ACCESS EXCLUSIVE MODE")
            for bid, ask, pnl in (("109.99", "110.01", "29.97"), ("89.99", "90.01", "-30.03")):
                await holder.desk.quote("COIN-PERP", bid, ask)
                assert (await take(stream, 1))[0].unrealized_pnl == Decimal(pnl)


async def test_changed_terms_are_noticed_without_a_quote(holder: Holder) -> None:
    await holder.buy("3")
    services = holder.desk.services
    async with aclosing(live_account(services.live, holder.id, 0.02)) as stream:
        (first,) = await take(stream, 1)
        change = InstrumentChange(initial_margin_rate=Decimal("0.5"))
        await update_instrument(services.bus, services.market, holder.desk.admin, "COIN-PERP", change)
        value = await until_value(stream, lambda row: row.initial_margin != first.initial_margin)
        assert value.initial_margin == 5 * first.initial_margin
        assert figures(value) == figures((await services.books.read([holder.id]))[holder.id])


async def test_equal_watchers_share_an_account_and_leave_nothing_behind(holder: Holder) -> None:
    live = holder.desk.services.live
    await holder.buy("3")
    one, two = live_account(live, holder.id, 0.02), live_positions(live, holder.id, 0.02)
    async with aclosing(one), aclosing(two):
        await take(one, 1)
        await take(two, 1)
        assert len(live._watched) == 1
        assert live._revaluation.symbols == {"COIN-PERP"}
    assert (live._watched, live._revaluation.symbols, live._quotes, live._watch) == ({}, set(), None, None)


async def test_an_unknown_account_cannot_be_watched(desk: Platform) -> None:
    stream = live_account(desk.services.live, new_id(), 0.02)
    with pytest.raises(NotFound):
        await take(stream, 1)
    assert desk.services.live._watched == {}


async def test_a_changed_position_is_published(holder: Holder) -> None:
    await holder.buy("3")
    await holder.buy("2", "COIN")
    async with aclosing(live_positions(holder.desk.services.live, holder.id, 0.02)) as stream:
        assert [row.quantity for row in await take(stream, 2)] == [Decimal(3), Decimal(2)]
        await holder.desk.quote("COIN", "104.99", "105.01")
        (moved,) = await take(stream, 1)
        assert (moved.symbol, moved.mark_price) == ("COIN", Decimal(105))
        await holder.sell("3")
        while (row := (await take(stream, 1))[0]).quantity:
            pass
        assert row.symbol == "COIN-PERP"


async def test_live_figures_end_equal_to_the_queried_ones_after_concurrent_trading(desk: Platform) -> None:
    """A crowd of quotes and orders at once; afterwards both kinds of figures are the same."""
    holders = [Holder(desk, *await desk.open_account("100000", kind=AccountKind.MARGIN)) for _ in range(3)]
    live, books = desk.services.live, desk.services.books

    async def traded(holder: Holder, seed: int) -> None:
        for step in range(6):
            symbol = ("COIN", "COIN-PERP")[(seed + step) % 2]
            side = Side.BUY if symbol == "COIN" or (seed * 7 + step) % 3 else Side.SELL
            order = command(
                account_id=holder.id, symbol=symbol, side=side, type=OrderType.MARKET, quantity=Decimal(step + 1)
            )
            await desk.place(holder.actor, order)

    async def quoted() -> None:
        for step in range(12):
            price = 100 + (step * 37) % 11
            await desk.quote(("COIN", "COIN-PERP")[step % 2], f"{price}.00", f"{price}.02")

    async with aclosing(live_account(live, holders[0].id, 0.0)) as first:
        watchers = [live_account(live, holder.id, 0.02) for holder in holders[1:]]
        await asyncio.gather(*(traded(holder, seed) for seed, holder in enumerate(holders)), quoted())
        for holder, stream in zip(holders, (first, *watchers), strict=True):
            await desk.settled(*[order["id"] for order in await _orders(holder)])
            queried = (await books.read([holder.id]))[holder.id]
            sequence = queried.account.event_sequence
            value = await until_value(stream, lambda row, at=sequence: row.account.event_sequence >= at)
            assert figures(value) == figures(queried)
            # Exact, where what is shown is rounded position by position.
            held = live._revaluation.figures(holder.id)
            assert abs(held.equity - queried.equity) <= HALF_A_CENT * len(queried.positions)
            assert abs(held.available - queried.available) <= 2 * HALF_A_CENT * len(queried.positions)
        for stream in watchers:
            await stream.aclose()


async def _orders(holder: Holder) -> list[Any]:
    query = "query ($f: OrderFilter!) { orders(filter: $f, first: 100) { edges { node { id } } } }"
    edges = (await holder.ask(query, f={"accountId": str(holder.id)}))["edges"]
    return [{"id": UUID(edge["node"]["id"])} for edge in edges]


async def trade(desk: Platform, owner: object, account_id: object, side: Side, quantity: str) -> None:
    order = command(
        account_id=account_id, symbol="COIN-PERP", side=side, type=OrderType.MARKET, quantity=Decimal(quantity)
    )
    (placed,) = await desk.place(owner, order)  # type: ignore[arg-type]  # an actor
    await desk.settled(placed.id)


async def test_the_day_roll_runs_once_and_starts_the_day_from_equity(desk: Platform) -> None:
    owner, account = await desk.open_account("1000", kind=AccountKind.MARGIN)
    await trade(desk, owner, account.id, Side.BUY, "3")
    await desk.quote("COIN-PERP", "109.99", "110.01")
    services = desk.services
    roll = DayRoll(time(0), ZoneInfo("UTC"))
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert (await roll_days(services.bus, services.market, roll, datetime.now(UTC))).accounts == 0
    assert (await roll_days(services.bus, services.market, roll, tomorrow)).accounts == 1
    value = (await services.books.read([account.id]))[account.id]
    assert (value.day_pnl, value.account.day_transfers) == (Decimal(0), Decimal(0))
    assert value.positions[0].today_quantity == Decimal(0)
    sequence = value.account.event_sequence
    assert (await roll_days(services.bus, services.market, roll, tomorrow)).accounts == 0
    assert (await services.books.read([account.id]))[account.id].account.event_sequence == sequence
