"""The venue role of a real venue: ticks, commands and the venue's reports in, booked reports and requests out.

A request is stored as sent, in the transaction that books its cause, before it goes out; so after any crash it is known
that the venue may have it. Reports of the venue are booked in batches, once. An unanswered request is asked about, and
only the venue's answer settles it.
"""

import asyncio
from collections.abc import Collection, Sequence
from decimal import Decimal
from uuid import UUID

import structlog

from adapters.leases import HeldLease
from domain.kernel.bus import Bus
from domain.kernel.ids import made_at
from domain.kernel.numbers import ZERO
from domain.kernel.time import NANOS_PER_SECOND, Nanos
from domain.kernel.unit_of_work import UnitOfWork
from domain.market.market import Catalog, Market
from domain.market.stream import TickStream
from domain.orders.books.command_queries import last_command
from domain.orders.books.venue_step import Also, VenueStep, process_venue_step
from domain.orders.exchange.exchanges import StoredPosition
from domain.orders.exchange.execution_reports import ExecutionReport
from domain.orders.model.order import Order
from domain.orders.model.venue_commands import REARM, VenueCommand
from domain.orders.venues import queries
from domain.orders.venues.emulation.remote import RemoteVenue
from domain.orders.venues.outbox import GRACE_NANOS, Outbox, Request, Writes
from domain.orders.venues.port import Venue
from domain.orders.venues.reconciling import Difference, Findings, Ours, PositionAt, Quantities, compare
from domain.orders.venues.session import VenueSession
from domain.orders.venues.types import NewOrder, RequestKind
from domain.positions.queries import read_open_everywhere
from workers.order_ids import Named, OrderIdResolver
from workers.venue_client import OrderStatusReport, ReconciliationReport, RequestResult, VenueClient
from workers.venue_loop import VenueLoop

RECONCILE_SECONDS = 60.0
# Fills are asked for from so long before the newest one that is booked: clocks differ, and fills come late.
OVERLAP_NANOS = 15 * 60 * NANOS_PER_SECOND
_AGAIN_SECONDS = 2.0
_MAX_ITEMS = 1_000
_MAX_IN_FLIGHT = 100
_ALL = frozenset(RequestKind)
# Getting out is tried even while nobody can say what becomes of it.
_WITHOUT_REPORTS = frozenset({RequestKind.CANCEL})
_log = structlog.stdlib.get_logger("venue")


class RemoteVenueLoop(VenueLoop):
    """Drives a real venue while this process holds its lease."""

    def __init__(
        self,
        venue: Venue,
        bus: Bus,
        market: Market,
        ticks: TickStream,
        lease: HeldLease,
        *,
        grace_nanos: int = GRACE_NANOS,
        reconcile_seconds: float = RECONCILE_SECONDS,
    ) -> None:
        super().__init__(venue.name, bus, market, ticks, lease)
        self._venue = venue
        self._grace_nanos = grace_nanos
        self._talk = VenueClient(venue, self._wake.set, reconcile_seconds)
        self._dealings = VenueSession(RemoteVenue(venue.capabilities, {}), Outbox(), {})
        self._namer = OrderIdResolver(self.name, self._dealings)
        self._since = Nanos.now()
        self._suspects: dict[PositionAt, Quantities] = {}
        self._ready: list[Request] = []

    # ------------------------------------------------------------------ starting

    async def _build(self, catalog: Catalog, orders: Sequence[Order], held: Sequence[StoredPosition]) -> None:
        now = Nanos.now()
        requests = await queries.read_requests(self.name)
        executions = await queries.read_executions_known([order.id for order in orders])
        remote = RemoteVenue(self._venue.capabilities, catalog.by_symbol, self._market.bounds)
        self._see_quotes(remote)
        for request in requests:
            request.flying = request.id in self._talk.on_wire
        self._resumed = remote.restore(orders, held, requests, executions, now)
        self._dealings = VenueSession(remote, Outbox(requests, now), self._accounts, grace_nanos=self._grace_nanos)
        self._namer = OrderIdResolver(self.name, self._dealings)
        newest = await queries.last_execution(self.name)
        oldest = min((Nanos.of(order.created_at) for order in orders), default=now)
        self._since = Nanos(min(oldest, newest or oldest) - OVERLAP_NANOS)
        self._suspects.clear()
        self._ready.clear()
        # What was said and not booked is made up for.
        self._talk.compare_soon()

    async def run(self) -> None:
        """Work until the lease is lost or the task is cancelled.

        The connection to the venue stays open while everything is built again: requests in flight arrive, and are
        answered.
        """
        self._talk.start(lambda: self._since, self._there)
        try:
            await super().run()
        finally:
            await self._talk.stop()

    def _there(self) -> Collection[UUID]:
        return self._dealings.there()

    # ------------------------------------------------------------------ working

    @property
    def _is_busy(self) -> bool:
        return super()._is_busy or self._talk.has_news

    async def _step(self) -> VenueStep:
        last = await last_command(self.name)
        await self._see_what_came_before(last)
        catalog = await self._market.catalog()
        self._dealings.venue.know(catalog.by_symbol)
        now = Nanos.now()
        named = await self._namer.name(self._talk.take(_MAX_ITEMS), now)
        reports = self._take_resumed() + self._match(self._dealings.venue)
        findings = [await self._compare(named, item) for item in named.items if isinstance(item, ReconciliationReport)]
        reports += self._fold(named, findings, now)
        reports += self._dealings.collect(now)
        self._ready = self._take_ready(now)
        up_to = 0 if self._pending else last
        position = self._to_note(needed=bool(reports or up_to))
        step = await process_venue_step(
            self._bus,
            self.name,
            self._lease.epoch,
            catalog.by_id,
            self._act,
            reports,
            {**self._accounts, **named.accounts} if named.accounts else self._accounts,
            up_to=up_to,
            position=position,
            rate_of=self._market.rate,
            also=self._also(findings, needed=bool(up_to)),
        )
        self._has_noted(position)
        # A fill of an order that was over has moved a position beside the venue's book.
        self._out_of_step |= any(execution.order_id not in self._accounts for execution in step.executions)
        self._keep_accounts(step)
        self._send()
        self._ask(now)
        return step

    def _fold(self, named: Named, findings: Sequence[Findings], now: Nanos) -> list[ExecutionReport]:
        """Apply the venue's messages, in their order."""
        reports: list[ExecutionReport] = []
        compared = iter(findings)
        for item in named.items:
            if isinstance(item, RequestResult):
                reports += self._dealings.answered(item.request, item.order_id, item.answer, now)
            elif isinstance(item, OrderStatusReport):
                reports += self._dealings.told(item.order_id, item.seen, item.executions, now, item.asked_at)
                self._tell_missing(item)
            elif isinstance(item, ReconciliationReport):
                reports += self._dealings.found(next(compared), now, item.asked_at)
            else:
                reports += self._dealings.hear(item, now)
        return reports

    def _tell_missing(self, told: OrderStatusReport) -> None:
        """Log that the venue gives a filled quantity without its executions: no price is invented."""
        order = self._dealings.venue.find(told.order_id)
        if order is not None and told.seen is not None and order.filled < told.seen.filled_quantity:
            there = str(told.seen.filled_quantity)
            _log.warning(
                "fills are missing", venue=self.name, order_id=str(told.order_id), here=str(order.filled), there=there
            )

    def _act(self, commands: Sequence[VenueCommand]) -> list[ExecutionReport]:
        now = Nanos.now()
        for command in commands:
            self._accounts |= {order.id: order.account_id for order in (command.order, *command.group)}
            self._out_of_step |= command.kind == REARM
        reports = self._dealings.act(commands, now)
        reports += self._dealings.collect(now)
        self._ready += self._take_ready(now)
        return reports

    def _also(self, findings: Sequence[Findings], *, needed: bool) -> Also | None:
        """The further rows to store with the step, if there are any."""
        if not needed and not findings and not self._dealings.outbox.has_writes:
            return None

        async def write(work: UnitOfWork) -> None:
            # Taken as late as can be: acting on commands adds to them.
            writes: Writes = self._dealings.outbox.take_writes()
            await queries.write_requests(work, self.name, writes)
            for found in findings:
                await queries.write_differences(work, self.name, found.compared, found.differences)

        return write

    # ------------------------------------------------------------------ sending and asking

    def _take_ready(self, now: Nanos) -> list[Request]:
        most = _MAX_IN_FLIGHT - self._dealings.outbox.in_flight
        kinds = _ALL if self._talk.is_connected else _WITHOUT_REPORTS
        return self._dealings.take_ready(now, most, kinds) if most > 0 else []

    def _send(self) -> None:
        """Send the requests that the step has stored as sent."""
        ready, self._ready = self._ready, []
        batch: list[tuple[Request, Sequence[NewOrder]]] = []
        size = 0
        for request in ready:
            if request.kind is not RequestKind.SUBMIT:
                self._send_change(request)
                continue
            orders = self._dealings.venue.new_orders(request)
            assert orders, "requests are settled with the end of their order"
            if batch and size + len(orders) > self._venue.capabilities.batch_size:
                self._talk.submit(batch)
                batch, size = [], 0
            batch.append((request, orders))
            size += len(orders)
        if batch:
            self._talk.submit(batch)

    def _send_change(self, request: Request) -> None:
        order = self._dealings.venue.ref(request.order_id)
        assert order is not None, "requests are settled with the end of their order"
        if request.kind is RequestKind.CANCEL:
            self._talk.cancel(request, order)
            return
        terms = self._dealings.venue.terms(request.order_id)
        assert terms is not None, "a change that was asked for is pending"
        self._talk.replace(request, order, terms)

    def _ask(self, now: Nanos) -> None:
        for order_id in self._dealings.due(now):
            order = self._dealings.venue.ref(order_id)
            if order is not None:
                self._talk.ask(order_id, order, Nanos(made_at(order_id) - OVERLAP_NANOS))

    # ------------------------------------------------------------------ comparing

    async def _compare(self, named: Named, item: ReconciliationReport) -> Findings:
        ours = Ours(there=item.there, known=named.known, positions=await self._held(), suspected=self._suspects)
        findings = compare(ours, item.theirs)
        if item.theirs.executions is not None:
            # All fills up to then are known; what is told later of earlier ones falls into the overlap.
            self._since = max(self._since, Nanos(item.asked_at - OVERLAP_NANOS))
        if findings.suspects != self._suspects:
            # Once more soon: what is merely under way will have come by then.
            asyncio.get_running_loop().call_later(_AGAIN_SECONDS, self._talk.compare_soon)
        self._suspects = dict(findings.suspects)
        for difference in findings.differences:
            _log.warning("books of venue differ", venue=self.name, **_as_words(difference))
        return findings

    async def _held(self) -> dict[PositionAt, Decimal]:
        """The sum of all accounts' positions at the venue."""
        by_id = (await self._market.catalog()).by_id
        held: dict[PositionAt, Decimal] = {}
        for row, _ in await read_open_everywhere(self.name):
            if not row.quantity:
                continue
            key = (by_id[row.instrument_id].symbol, row.bucket)
            held[key] = held.get(key, ZERO) + row.quantity
        return held


def _as_words(difference: Difference) -> dict[str, str]:
    return {
        "kind": difference.kind,
        "subject": difference.subject,
        "ours": difference.ours,
        "theirs": difference.theirs,
    }
