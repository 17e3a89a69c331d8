"""The router of one real venue: commands, ticks and the venue's reports in, execution reports and requests out.

A request is stored as sent, in the transaction that books its cause, before it goes out; so after any crash it is known
that the venue may have it. Reports of the venue are booked in batches, once. An unanswered request is asked about, and
only the venue's answer settles it.

A step of the caller is: ``hear``, ``fold``, then in one transaction the booking of the reports, ``act`` and ``writes``,
then ``send``. After any error ``restore`` builds the router again from stored rows.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

import structlog

from domain.kernel.ids import made_at
from domain.kernel.numbers import ZERO
from domain.kernel.time import NANOS_PER_SECOND, Nanos
from domain.kernel.unit_of_work import UnitOfWork
from domain.market.market import Catalog, Market
from domain.orders.exchange.execution_reports import ExecutionReport
from domain.orders.exchange.instrument_books import StoredPosition
from domain.orders.model.order import Order
from domain.orders.model.venue_commands import VenueCommand
from domain.orders.venues import queries
from domain.orders.venues.emulation.remote import RemoteVenue
from domain.orders.venues.outbox import GRACE_NANOS, Outbox, VenueRequest
from domain.orders.venues.port import Venue
from domain.orders.venues.reconciling import Difference, Findings, Ours, PositionAt, Quantities, compare
from domain.orders.venues.routing.order_ids import IdentifiedReports, OrderIdResolver
from domain.orders.venues.routing.venue_client import (
    OrderStatusReport,
    ReconciliationReport,
    RequestResult,
    VenueClient,
)
from domain.orders.venues.session import VenueSession
from domain.orders.venues.types import NewOrder, RequestKind, VenueCorrection
from domain.positions.queries import read_open_everywhere

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

Write = Callable[[UnitOfWork], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Heard:
    """The messages of the venue, with our ids, and the findings of each reconciliation among them."""

    named: IdentifiedReports
    findings: Sequence[Findings]

    @property
    def accounts(self) -> Mapping[UUID, UUID]:
        """The accounts of the named orders that have ended here."""
        return self.named.accounts


class VenueRouter:
    """Routes the orders of one venue. ``wake`` is called whenever a message of the venue has come in."""

    def __init__(
        self,
        venue: Venue,
        market: Market,
        wake: Callable[[], None],
        *,
        grace_nanos: int = GRACE_NANOS,
        reconcile_seconds: float = RECONCILE_SECONDS,
    ) -> None:
        self._port = venue
        self._market = market
        self._grace_nanos = grace_nanos
        self._client = VenueClient(venue, wake, reconcile_seconds)
        self._session = VenueSession(RemoteVenue(venue.capabilities, {}), Outbox())
        self._resolver = OrderIdResolver(venue.name, self._session)
        self._since = Nanos.now()
        self._suspects: dict[PositionAt, Quantities] = {}
        self._ready: list[VenueRequest] = []

    @property
    def venue(self) -> RemoteVenue:
        """The engine's half of the venue, which matches ticks."""
        return self._session.venue

    # ------------------------------------------------------------------ starting

    def start(self) -> None:
        """Connect to the venue, until ``stop``; the connection stays open while the router is built again."""
        self._client.start(lambda: self._since, self._there)

    def _there(self) -> Collection[UUID]:
        return self._session.there()

    async def stop(self) -> None:
        """End the connection; requests in flight stay unanswered."""
        await self._client.stop()

    def new_venue(self, catalog: Catalog) -> RemoteVenue:
        """An engine's half without orders; the caller gives it the present market before ``restore``."""
        return RemoteVenue(self._port.capabilities, catalog.by_symbol, self._market.bounds)

    async def restore(
        self,
        venue: RemoteVenue,
        orders: Sequence[Order],
        held: Sequence[StoredPosition],
    ) -> list[ExecutionReport]:
        """Build the router from stored rows; the reports are due at once."""
        now = Nanos.now()
        requests = await queries.read_requests(self._port.name)
        executions = await queries.read_executions_known([order.id for order in orders])
        for request in requests:
            request.flying = request.id in self._client.on_wire
        reports = venue.restore(orders, held, requests, executions, now)
        self._session = VenueSession(venue, Outbox(requests, now), grace_nanos=self._grace_nanos)
        self._resolver = OrderIdResolver(self._port.name, self._session)
        newest = await queries.last_execution(self._port.name)
        oldest = min((Nanos.of(order.created_at) for order in orders), default=now)
        self._since = Nanos(min(oldest, newest or oldest) - OVERLAP_NANOS)
        self._suspects.clear()
        self._ready.clear()
        # What was said and not booked is made up for.
        self._client.compare_soon()
        return reports

    # ------------------------------------------------------------------ a step

    @property
    def has_news(self) -> bool:
        """True if messages of the venue have come in."""
        return self._client.has_news

    @property
    def is_connected(self) -> bool:
        """True while the venue's reports are listened to."""
        return self._client.is_connected

    async def hear(self, now: Nanos) -> Heard:
        """Take the venue's messages, resolve them to our orders, and compare the books."""
        named = await self._resolver.name(self._client.take(_MAX_ITEMS), now)
        compared = [item for item in named.items if isinstance(item, ReconciliationReport)]
        return Heard(named, [await self._compare(named, item) for item in compared])

    def due_corrections(self, *, again: bool) -> list[VenueCorrection]:
        """The venue's corrections of fills that are to be booked; with ``again`` those that waited for a fill too."""
        return self._client.due_corrections(again=again)

    def corrected(self, told: VenueCorrection) -> None:
        """A correction is booked, or never will be."""
        self._client.corrections.pop(told.venue_execution_id, None)

    def fold(self, heard: Heard, now: Nanos) -> list[ExecutionReport]:
        """Apply the venue's messages, in their order; the requests that follow are ready to be stored."""
        reports: list[ExecutionReport] = []
        findings = iter(heard.findings)
        for item in heard.named.items:
            if isinstance(item, RequestResult):
                reports += self._session.answered(item.request, item.order_id, item.answer, now)
            elif isinstance(item, OrderStatusReport):
                reports += self._session.told(item.order_id, item.seen, item.executions, now, item.asked_at)
                self._tell_missing(item)
            elif isinstance(item, ReconciliationReport):
                reports += self._session.found(next(findings), now, item.asked_at)
            else:
                reports += self._session.hear(item, now)
        reports += self._session.collect(now)
        self._ready = self._take_ready(now)
        return reports

    def act(self, commands: Sequence[VenueCommand], now: Nanos) -> list[ExecutionReport]:
        """Execute our commands; the requests that follow are ready to be stored."""
        reports = self._session.act(commands, now)
        reports += self._session.collect(now)
        self._ready += self._take_ready(now)
        return reports

    def writes(self, heard: Heard, *, needed: bool) -> Write | None:
        """The further rows to store with the step, if there are any; ``needed``: commands may add to them."""
        if not needed and not heard.findings and not self._session.outbox.has_writes:
            return None

        async def write(work: UnitOfWork) -> None:
            # Taken as late as can be: acting on commands adds to them.
            await queries.write_requests(work, self._port.name, self._session.outbox.take_writes())
            for found in heard.findings:
                await queries.write_differences(work, self._port.name, found.compared, found.differences)

        return write

    def send(self, now: Nanos) -> None:
        """Send the requests that the step has stored as sent, and ask about orders that are due."""
        ready, self._ready = self._ready, []
        batch: list[tuple[VenueRequest, Sequence[NewOrder]]] = []
        size = 0
        for request in ready:
            if request.kind is not RequestKind.SUBMIT:
                self._send_change(request)
                continue
            orders = self.venue.new_orders(request)
            assert orders, "requests are settled with the end of their order"
            if batch and size + len(orders) > self._port.capabilities.batch_size:
                self._client.submit(batch)
                batch, size = [], 0
            batch.append((request, orders))
            size += len(orders)
        if batch:
            self._client.submit(batch)
        for order_id in self._session.due(now):
            order = self.venue.ref(order_id)
            if order is not None:
                self._client.ask(order_id, order, Nanos(made_at(order_id) - OVERLAP_NANOS))

    # ------------------------------------------------------------------ inside

    def _take_ready(self, now: Nanos) -> list[VenueRequest]:
        most = _MAX_IN_FLIGHT - self._session.outbox.in_flight
        kinds = _ALL if self._client.is_connected else _WITHOUT_REPORTS
        return self._session.take_ready(now, most, kinds) if most > 0 else []

    def _send_change(self, request: VenueRequest) -> None:
        order = self.venue.ref(request.order_id)
        assert order is not None, "requests are settled with the end of their order"
        if request.kind is RequestKind.CANCEL:
            self._client.cancel(request, order)
            return
        terms = self.venue.terms(request.order_id)
        assert terms is not None, "a change that was asked for is pending"
        self._client.replace(request, order, terms)

    def _tell_missing(self, told: OrderStatusReport) -> None:
        """Log that the venue gives a filled quantity without its executions: no price is invented."""
        order, name = self.venue.find(told.order_id), self._port.name
        if order is not None and told.seen is not None and order.working.filled < told.seen.filled_quantity:
            there = str(told.seen.filled_quantity)
            _log.warning(
                "fills are missing",
                venue=name,
                order_id=str(told.order_id),
                here=str(order.working.filled),
                there=there,
            )

    async def _compare(self, named: IdentifiedReports, item: ReconciliationReport) -> Findings:
        ours = Ours(there=item.there, known=named.known, positions=await self._held(), suspected=self._suspects)
        findings = compare(ours, item.theirs)
        if item.theirs.executions is not None:
            # All fills up to then are known; what is told later of earlier ones falls into the overlap.
            self._since = max(self._since, Nanos(item.asked_at - OVERLAP_NANOS))
        if findings.suspects != self._suspects:
            # Once more soon: what is merely under way will have come by then.
            asyncio.get_running_loop().call_later(_AGAIN_SECONDS, self._client.compare_soon)
        self._suspects = dict(findings.suspects)
        for difference in findings.differences:
            _log.warning("books of venue differ", venue=self._port.name, **_as_words(difference))
        return findings

    async def _held(self) -> dict[PositionAt, Decimal]:
        """The sum of all accounts' positions at the venue."""
        by_id = (await self._market.catalog()).by_id
        held: dict[PositionAt, Decimal] = {}
        for row, _ in await read_open_everywhere(self._port.name):
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
