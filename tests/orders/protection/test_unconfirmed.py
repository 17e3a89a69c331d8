"""Cancels without a confirmation of the venue are counted, and commands that no venue takes raise an event."""

from decimal import Decimal

from domain.kernel.unit_of_work import unit_of_work
from domain.orders.entry.canceling import cancel_orders
from domain.orders.model.commands import CancelOrders
from domain.orders.model.types import Side
from domain.orders.protection.late_commands import KIND, report_late_commands
from domain.orders.protection.unconfirmed_queries import CancelScope, count_unconfirmed_cancels, read_late_commands
from domain.risk.event_queries import read_events
from domain.risk.types import Severity
from tests.orders.entry.test_canceling import limit
from tests.support.trading import Platform, running_venue
from tests.support.waiting import until


async def test_cancels_count_until_the_venue_confirms_them(quiet_desk: Platform) -> None:
    owner, account = await quiet_desk.open_account("1000")
    _, other = await quiet_desk.open_account("1000")
    orders = [limit(account.id, strategy=name, quantity=Decimal("0.1")) for name in ("one", "two")]
    async with running_venue(quiet_desk):
        placed = await quiet_desk.place(owner, *orders)
        await quiet_desk.settled(*(order.id for order in placed))
    symbol = placed[0].symbol
    await cancel_orders(quiet_desk.services.bus, owner, CancelOrders(account.id, strategy="one"))
    everything = CancelScope()
    expected = {
        everything: 1,
        CancelScope(account.id): 1,
        CancelScope(other.id): 0,
        CancelScope(account.id, symbol, "one", Side.BUY): 1,
        CancelScope(account.id, strategy="two"): 0,
        CancelScope(account.id, side=Side.SELL): 0,
        CancelScope(symbol="NONE.LAB"): 0,
    }
    assert await count_unconfirmed_cancels(expected) == expected
    async with running_venue(quiet_desk):
        await until(lambda: _is_confirmed(everything))


async def _is_confirmed(scope: CancelScope) -> bool:
    return await count_unconfirmed_cancels([scope]) == {scope: 0}


async def test_commands_that_no_venue_takes_raise_one_event_until_they_are_taken(quiet_desk: Platform) -> None:
    owner, account = await quiet_desk.open_account("1000")
    (order,) = await quiet_desk.place(owner, limit(account.id, quantity=Decimal("0.1")))
    assert await read_late_commands() == []
    assert await report_late_commands(quiet_desk.services.bus) == 0
    async with unit_of_work(quiet_desk.services.bus) as work:
        await work.execute("UPDATE venue_commands SET created_at = created_at - interval '30 seconds'")
    (late,) = await read_late_commands()
    assert (late.venue, late.commands) == ("paper", 1)
    assert late.seconds >= 30
    for _ in range(2):
        assert await report_late_commands(quiet_desk.services.bus) == 1
    (event,) = [event for event in await read_events(0) if event.kind == KIND]
    assert (event.severity, event.account_id, event.cleared_at) == (Severity.CRITICAL, None, None)
    async with running_venue(quiet_desk):
        await quiet_desk.settled(order.id)
    assert await report_late_commands(quiet_desk.services.bus) == 0
    (event,) = [event for event in await read_events(0) if event.kind == KIND]
    assert event.cleared_at is not None
