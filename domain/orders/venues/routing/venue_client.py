"""The client of a real venue beside the router's steps: it waits for the network and decides nothing.

Results go into the inbox, which the router empties at its next step. Nothing raises into the router: a failed request
is unanswered, a failed question has no answer.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import structlog

from domain.kernel.concurrency import end_tasks
from domain.kernel.retry import Backoff
from domain.kernel.retry_policies import EXCHANGE
from domain.kernel.supervision import Guarded
from domain.kernel.time import Nanos
from domain.orders.venues.outbox import VenueRequest
from domain.orders.venues.port import Venue, VenueUnavailable
from domain.orders.venues.reconciling import Theirs
from domain.orders.venues.types import (
    Answer,
    NewOrder,
    OrderRef,
    ReplaceTerms,
    Unanswered,
    VenueCorrection,
    VenueExecution,
    VenueNews,
    VenueOrder,
    VenueReport,
)

# What waits for the router; the venue's stream is read on only when it has caught up.
MAX_INBOX = 10_000
_MAX_QUESTIONS = 20
_MAX_CORRECTIONS = 1_000
_log = structlog.stdlib.get_logger("venue")


@dataclass(frozen=True, slots=True)
class RequestResult:
    """The result of a request."""

    request: VenueRequest
    order_id: UUID
    answer: Answer


@dataclass(frozen=True, slots=True)
class OrderStatusReport:
    """The venue's state of an order that was asked about; None when it has no such order.

    It carries missing executions. ``asked_at`` is the time of the question.
    """

    order_id: UUID
    seen: VenueOrder | None
    executions: Sequence[VenueExecution]
    asked_at: Nanos


@dataclass(frozen=True, slots=True)
class ReconciliationReport:
    """The venue's books, the time of asking, and the orders that it must have had then."""

    theirs: Theirs
    there: Collection[UUID]
    asked_at: Nanos


Item = VenueReport | RequestResult | OrderStatusReport | ReconciliationReport


class VenueClient:
    """The tasks that talk to one venue. ``wake`` is called whenever a result has come in."""

    def __init__(self, venue: Venue, wake: Callable[[], None], reconcile_seconds: float) -> None:
        self.venue = venue
        self._wake = wake
        self._reconcile_seconds = reconcile_seconds
        self._inbox: deque[Item] = deque()
        # By their ids at the venue, until they are booked: they are told again after each connection.
        self.corrections: dict[str, VenueCorrection] = {}
        self._has_corrections = False
        self._emptied = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._questions = asyncio.Semaphore(_MAX_QUESTIONS)
        self._asked: set[UUID] = set()
        # Requests that have gone out and are not answered yet.
        self.on_wire: set[UUID] = set()
        self._compare = asyncio.Event()
        self.is_connected = False

    # ------------------------------------------------------------------ the router's side

    def start(self, since: Callable[[], Nanos], there: Callable[[], Collection[UUID]]) -> None:
        """Follow the reports, and reconcile periodically.

        ``since`` gives the time from which fills are asked for, ``there`` the orders that the venue must have.
        """
        self._spawn(self._follow())
        self._spawn(self._compare_now_and_then(since, there))

    async def stop(self) -> None:
        """End all tasks; requests in flight stay unanswered."""
        await end_tasks(*self._tasks)
        self.is_connected = False

    def take(self, most: int) -> list[Item]:
        """The received results, oldest first."""
        taken = [self._inbox.popleft() for _ in range(min(most, len(self._inbox)))]
        if len(self._inbox) < MAX_INBOX:
            self._emptied.set()
        return taken

    @property
    def has_news(self) -> bool:
        """True if results have come in."""
        return bool(self._inbox) or self._has_corrections

    def due_corrections(self, *, again: bool) -> list[VenueCorrection]:
        """The corrections to book, oldest first: all when there are new ones, or with ``again``."""
        if not (again or self._has_corrections):
            return []
        self._has_corrections = False
        return list(self.corrections.values())

    def compare_soon(self) -> None:
        """Reconcile now instead of at the next minute."""
        self._compare.set()

    def submit(self, batch: Sequence[tuple[VenueRequest, Sequence[NewOrder]]]) -> None:
        """Send new orders in one call."""
        self.on_wire |= {request.id for request, _ in batch}
        self._spawn(self._submit(batch))

    def cancel(self, request: VenueRequest, order: OrderRef) -> None:
        """Send a cancel."""
        self.on_wire.add(request.id)
        self._spawn(self._request(request, self.venue.cancel(order)))

    def replace(self, request: VenueRequest, order: OrderRef, terms: ReplaceTerms) -> None:
        """Send a change."""
        self.on_wire.add(request.id)
        self._spawn(self._request(request, self.venue.replace(order, terms)))

    def ask(self, order_id: UUID, order: OrderRef, since: Nanos) -> None:
        """Ask for the state of an order, unless a question is in flight; it has no fills from before ``since``."""
        if order_id not in self._asked:
            self._asked.add(order_id)
            self._spawn(self._ask(order_id, order, since))

    # ------------------------------------------------------------------ the venue's side

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _put(self, *items: Item) -> None:
        self._inbox.extend(items)
        self._wake()

    def _note_corrections(self, news: Sequence[VenueNews]) -> None:
        for told in news:
            if isinstance(told, VenueCorrection):
                self._has_corrections = True
                self.corrections.setdefault(told.venue_execution_id, told)
                if len(self.corrections) > _MAX_CORRECTIONS:
                    # Its fill has not come in all this time. Another connection brings it again.
                    del self.corrections[next(iter(self.corrections))]

    async def _follow(self) -> None:
        backoff = Backoff(EXCHANGE)
        while True:
            try:
                with Guarded(_log, "reports of venue failed", but=VenueUnavailable, venue=self.venue.name):
                    async with self.venue.reports() as stream:
                        self.is_connected = True
                        backoff.succeeded()
                        _log.info("connected to venue", venue=self.venue.name)
                        # What happened while nobody listened is found by comparing.
                        self.compare_soon()
                        async for reports in stream:
                            self._note_corrections(reports)
                            self._put(*(each for each in reports if not isinstance(each, VenueCorrection)))
                            while len(self._inbox) >= MAX_INBOX:
                                self._emptied.clear()
                                await self._emptied.wait()
                    _log.warning("venue ended its reports", venue=self.venue.name)
            except VenueUnavailable as error:
                _log.warning("no reports from venue", venue=self.venue.name, error=str(error))
            self.is_connected = False
            await backoff.wait()

    async def _submit(self, batch: Sequence[tuple[VenueRequest, Sequence[NewOrder]]]) -> None:
        orders = [order for _, group in batch for order in group]
        answers: Sequence[Answer] = ()
        with Guarded(_log, "gateway failed to submit", venue=self.venue.name) as guarded:
            answers = await self.venue.submit(orders)
        given = iter(answers)
        unanswered = _unanswered(guarded)
        items: list[Item] = []
        for request, group in batch:
            for order_id, _ in zip(request.orders, group, strict=True):
                items.append(RequestResult(request, order_id, next(given, unanswered)))
        self.on_wire -= {request.id for request, _ in batch}
        self._put(*items)

    async def _request(self, request: VenueRequest, call: Coroutine[Any, Any, Answer]) -> None:
        answer: Answer | None = None
        with Guarded(_log, "gateway failed to send", venue=self.venue.name, kind=request.kind) as guarded:
            answer = await call
        self.on_wire.discard(request.id)
        self._put(RequestResult(request, request.order_id, answer or _unanswered(guarded)))

    async def _ask(self, order_id: UUID, order: OrderRef, since: Nanos) -> None:
        try:
            with Guarded(_log, "gateway failed to ask", but=VenueUnavailable, venue=self.venue.name):
                async with self._questions:
                    asked_at = Nanos.now()
                    seen = await self.venue.order(order)
                    fills: Sequence[VenueExecution] = ()
                    if seen is not None and seen.filled_quantity:
                        fills = await self.venue.executions(since)
                own = {order.client_order_id, seen.venue_order_id if seen is not None else None} - {None}
                executions = [row for row in fills if own & {row.client_order_id, row.venue_order_id}]
                self._put(OrderStatusReport(order_id, seen, executions, asked_at))
        except VenueUnavailable as error:
            _log.warning("venue cannot be asked about an order", venue=self.venue.name, error=str(error))
        finally:
            self._asked.discard(order_id)

    async def _compare_now_and_then(self, since: Callable[[], Nanos], there: Callable[[], Collection[UUID]]) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._reconcile_seconds):
                    await self._compare.wait()
            self._compare.clear()
            if not self.is_connected:
                continue
            wanted, asked_at = there(), Nanos.now()
            # Fills last: none is missing of what the others show.
            open_orders = await self._question(self.venue.open_orders)
            held = await self._question(self.venue.positions) if self.venue.capabilities.positions else None
            executions = await self._question(partial(self.venue.executions, since()))
            theirs = Theirs(open_orders=open_orders, executions=executions, positions=held)
            self._put(ReconciliationReport(theirs, wanted, asked_at))

    async def _question(self, ask: Callable[[], Coroutine[Any, Any, Sequence[Any]]]) -> Sequence[Any] | None:
        try:
            with Guarded(_log, "gateway failed to ask", but=VenueUnavailable, venue=self.venue.name):
                return await ask()
        except VenueUnavailable as error:
            _log.warning("venue cannot be compared", venue=self.venue.name, error=str(error))
        return None


def _unanswered(guarded: Guarded) -> Unanswered:
    """The result of a request that failed in sending, or without an answer: it is unknown if the venue has it."""
    return Unanswered(message=type(guarded.failure).__name__ if guarded.failure is not None else "no answer")
