"""The short venue step: acknowledgements of new orders are booked in one statement, without waiting for a lock.

Most new orders rest, and the acknowledgement of an order changes no money and no position. So one statement reads the
venue's input and another writes its reports; the guard of the second proves the lease and that no order has changed in
between. If the guard refuses, or the venue reports anything else, the reports are booked under the accounts' locks
(``venue_step``). In both cases the venue has acted once.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from domain.accounts.events import payload_of
from domain.accounts.types import AccountEvent
from domain.kernel.bus import Bus
from domain.kernel.guarded_work import GuardedWork, StaleVersions
from domain.kernel.time import utc_now
from domain.orders.books.acknowledgements.queries import WaitingOrders, write_acknowledged
from domain.orders.books.report_effects import apply_report, is_repeated
from domain.orders.books.venue_step import VenueStep
from domain.orders.exchange.execution_reports import Accepted, ExecutionReport
from domain.orders.model.events import order_parts
from domain.orders.model.order import Order


async def acknowledge(
    bus: Bus,
    venue: str,
    epoch: int,
    waiting: WaitingOrders,
    answers: Sequence[ExecutionReport],
    position: str | None,
) -> VenueStep | None:
    """Book the venue's ``answers`` to all of ``waiting``; None when they need the accounts' locks: nothing is written.

    The orders of ``waiting`` are of no use afterwards. ``position`` is noted as a step does it.

    Raises:
        Unavailable: the database is away; the outcome is unknown, and the venue must be built again.
    """
    orders = {command.order.id: command.order for command in waiting.commands.values()}
    work = GuardedWork(utc_now())
    events = _events(orders, answers, work.now)
    if events is None:
        return None
    lease = (f"venue:{venue}", epoch, position)
    try:
        await write_acknowledged(work, lease, list(waiting.commands), list(orders.values()), waiting.stamps, events)
    except StaleVersions:
        return None
    work.finish(bus)
    return VenueStep(len(waiting.commands), len(answers), (), tuple(orders.values()), waiting.queue.last)


def _events(
    orders: dict[UUID, Order], answers: Sequence[ExecutionReport], now: datetime
) -> dict[UUID, list[AccountEvent]] | None:
    """The events of the orders' accounts; None if not each of the orders was taken just as it was placed."""
    events: dict[UUID, list[AccountEvent]] = {}
    taken: set[UUID] = set()
    for answer in answers:
        order = orders.get(answer.order_id)  # type: ignore[call-overload]  # ids of our venues are UUIDs
        if not isinstance(answer, Accepted) or order is None or order.id in taken or is_repeated(order, answer):
            return None
        effect = apply_report(order, answer, now)
        if not effect.acknowledges:
            return None
        taken.add(order.id)
        own = events.setdefault(order.account_id, [])
        payload = payload_of(order_parts(order, now, detail=effect.detail))
        own.append(AccountEvent(order.account_id, len(own) + 1, effect.kind.value, now, order.id, payload))
    return events if taken == orders.keys() else None
