"""Reports of one client's session: each event of its orders once, in order, over any number of connections.

The number of the last reported event is stored in the transaction that stores its reports. Reports that a connection
did not receive are resent by the rules of the session; events from the time without a connection follow.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any
from uuid import UUID

import structlog

from adapters.fix.client_order_ids import Names, names_of
from adapters.fix.link import Link
from adapters.fix.reports import Out, report_of
from adapters.wiring import ProcessServices
from domain.kernel.errors import BadInput
from domain.orders.model.events import read_order_event
from domain.orders.model.order import OrderEvent
from domain.system.fix import queries
from workers.fix.requests import Asked, order_events

_log = structlog.stdlib.get_logger("fix")


class ClientReports:
    """Follows the accounts that a session uses. ``spawn`` starts a task that ends with the connection."""

    def __init__(
        self, services: ProcessServices, link: Link, key_id: UUID, asked: Asked, tasks: asyncio.TaskGroup
    ) -> None:
        self._services = services
        self._link = link
        self._key_id = key_id
        self._asked = asked
        self._tasks = tasks
        self._followed: set[UUID] = set()

    def begin(self) -> None:
        """Follow all accounts that the session has used, from the stored position."""
        for account_id in list(self._link.store.session.cursors):
            self._follow(account_id)

    async def reach(self, account_ids: set[UUID]) -> None:
        """Follow accounts from now on; that is stored before anything is done in them."""
        new = account_ids - self._followed
        if not new:
            return
        log = self._services.logs
        for account_id in new:
            self._link.store.session.cursors[account_id] = await log.of(account_id).head()
        await self._link.save(force=True)
        for account_id in new:
            self._follow(account_id)

    def _follow(self, account_id: UUID) -> None:
        self._followed.add(account_id)
        work: Coroutine[Any, Any, None] = self._tell(account_id)
        self._tasks.create_task(work)

    async def _tell(self, account_id: UUID) -> None:
        log = self._services.logs.of(account_id)
        while True:
            after = self._link.store.session.cursors[account_id]
            try:
                async for numbered in log.follow(after):
                    events = [event for _, row in numbered if (event := read_order_event(row)) is not None]
                    async with self._asked.turn:
                        reports = [await self._report(event) for event in events if self._is_ours(event)]
                    await self._link.send_all(reports, cursor=(account_id, numbered[-1][0]))
            except BadInput:
                head = await log.head()
                _log.error("events of a session are in the archive, its reports go on", after=after, head=head)
                await self._link.send_all((), cursor=(account_id, head))

    def _is_ours(self, event: OrderEvent) -> bool:
        return event.order.placed_key == self._key_id or event.order.id in self._asked.order_ids

    async def _report(self, event: OrderEvent) -> Out:
        order = event.order
        if order.id not in self._asked.order_ids:
            return report_of(event, Names(order.client_order_id))
        requests = await queries.read_requests(self._link.store.session.id, order.id)
        names = names_of(await order_events(order.id), requests)
        return report_of(event, names[event.sequence])
