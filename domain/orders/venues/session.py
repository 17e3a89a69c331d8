"""The session with one real venue, pure: orders, requests, and unconfirmed orders.

Commands, ticks, answers and the venue's reports go in; reports for the books come out of each call, and requests and
questions are taken afterwards. In any order and any number of times, each input has its effect once.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.kernel.retry_policies import VENUE_REQUEST
from domain.kernel.time import Nanos
from domain.orders.exchange.execution_reports import ExecutionReport
from domain.orders.model import refusals
from domain.orders.model.venue_commands import VenueCommand
from domain.orders.venues.emulation.remote import RemoteVenue
from domain.orders.venues.outbox import GRACE_NANOS, Outbox, VenueRequest
from domain.orders.venues.reconciling import Findings
from domain.orders.venues.remote_order import Cause, Settled
from domain.orders.venues.types import (
    Acknowledged,
    Answer,
    Declined,
    RequestKind,
    VenueExecution,
    VenueOrder,
    VenueReport,
    order_id_of,
)

_NOT_MADE = Declined(**refusals.change_not_made()._asdict())
_NOT_CANCELED = Declined(**refusals.cancel_not_made()._asdict())


@dataclass(slots=True)
class Doubt:
    """An unconfirmed order: the next time to ask about it, and since when the venue says that it does not know it."""

    ask_at: Nanos
    asks: int = 0
    unknown_since: Nanos | None = None


class VenueSession:
    """The state of the session.

    ``grace_nanos`` is the time for which a venue may not know an order before that is believed.
    """

    def __init__(
        self,
        venue: RemoteVenue,
        outbox: Outbox,
        *,
        grace_nanos: int = GRACE_NANOS,
    ) -> None:
        self.venue = venue
        self.outbox = outbox
        self._grace_nanos = grace_nanos
        self._doubts: dict[UUID, Doubt] = {}
        self._by_venue_id: dict[str, UUID] = {}
        self._venue_ids: dict[UUID, set[str]] = {}
        for _, order in venue.orders():
            self._index(order.order_id)
        for request in list(outbox.requests()):
            self._forget_what_is_answered(request)

    # ------------------------------------------------------------------ what goes in

    def act(self, commands: Sequence[VenueCommand], now: Nanos) -> list[ExecutionReport]:
        """Execute our commands, in order."""
        return self.venue.act(commands, now)

    def hear(self, report: VenueReport, now: Nanos) -> list[ExecutionReport]:
        """Apply an unsolicited report of the venue."""
        return self.venue.on_report(report, now)

    def answered(self, request: VenueRequest, order_id: UUID, answer: Answer, now: Nanos) -> list[ExecutionReport]:
        """Apply the result of a request; an unanswered one is asked about."""
        is_open = self.outbox.first(order_id)
        self.outbox.landed(request.id, now)
        if not isinstance(answer, Acknowledged | Declined):
            return []
        if request.kind is RequestKind.REPLACE and (is_open is None or is_open.id != request.id):
            # The venue's report has told before what came of it: the answer says nothing of the change after it.
            shown = answer.order if isinstance(answer, Acknowledged) else None
            return [] if shown is None else self.venue.on_report(shown, now)
        return self.venue.on_answer(order_id, request.kind, answer, now)

    def told(
        self,
        order_id: UUID,
        seen: VenueOrder | None,
        executions: Iterable[VenueExecution],
        now: Nanos,
        asked_at: Nanos | None = None,
    ) -> list[ExecutionReport]:
        """Apply the venue's state of an order that was asked about at ``asked_at`` (default: now).

        Its fills come first.
        """
        if self.venue.find(order_id) is None:
            self._doubts.pop(order_id, None)
            return []
        if seen is None:
            return self._unknown(order_id, now)
        reports: list[ExecutionReport] = []
        for execution in executions:
            reports += self.venue.on_report(execution, now)
        reports += self.venue.on_report(seen, now, now if asked_at is None else asked_at)
        return reports + self._conclude(order_id, seen, now)

    def found(self, findings: Findings, now: Nanos, asked_at: Nanos | None = None) -> list[ExecutionReport]:
        """Apply the findings of a reconciliation, for which the venue was asked at ``asked_at`` (default: now)."""
        for order_id in findings.ask:
            self._doubts.setdefault(order_id, Doubt(now))
        asked_at = now if asked_at is None else asked_at
        return [report for heard in findings.reports for report in self.venue.on_report(heard, now, asked_at)]

    # ------------------------------------------------------------------ what comes out

    def collect(self, now: Nanos) -> list[ExecutionReport]:
        """Put new requests into the outbox; returns reports of requests that need no sending after all."""
        reports: list[ExecutionReport] = []
        while True:
            drained = self.venue.drain()
            for settled in drained.settled:
                self.outbox.settle(settled)
                self._index(settled.order_id)
            for order_id in drained.unconfirmed:
                self._doubts.setdefault(order_id, Doubt(Nanos(now + VENUE_REQUEST.delay_nanos(1))))
            for wanted in drained.requests:
                order = self.venue.find(wanted.order_id)
                if order is None:
                    # It has ended since.
                    continue
                if wanted.kind is RequestKind.CANCEL and self.outbox.withdraw(wanted.order_id):
                    # The venue was never asked to take it.
                    reports += self.venue.unknown(wanted.order_id, now)
                else:
                    self.outbox.add(wanted, order.account_id, now)
            if not drained.requests:
                return reports

    def take_ready(self, now: Nanos, most: int, kinds: Collection[RequestKind]) -> list[VenueRequest]:
        """Requests to send now; from here on they count as sent."""
        ready = self.outbox.take_ready(now, most, kinds)
        for request in ready:
            for order_id in request.orders:
                self._doubts.pop(order_id, None)
            if request.kind is RequestKind.REPLACE:
                self.venue.asking_for_change(request.order_id)
        return ready

    def due(self, now: Nanos) -> list[UUID]:
        """Orders to ask about now; each is due again after a longer interval, until the venue's answer settles it."""
        for request in self.outbox.due(now):
            for order_id in request.orders:
                self._doubts.setdefault(order_id, Doubt(now))
        due: list[UUID] = []
        for order_id, doubt in list(self._doubts.items()):
            if self.venue.find(order_id) is None:
                del self._doubts[order_id]
            elif doubt.ask_at <= now:
                wait = VENUE_REQUEST.delay_nanos(doubt.asks + 1)
                doubt.asks += 1
                doubt.ask_at = Nanos(now + wait)
                due.append(order_id)
        return due

    def there(self) -> list[UUID]:
        """Open orders that the venue has acknowledged, with no request in flight: it must list them."""
        return [
            order.order_id
            for _, order in self.venue.orders()
            if order.acknowledged and self.outbox.first(order.order_id) is None
        ]

    def named(self, venue_order_id: str | None) -> UUID | None:
        """The open order with this id of the venue."""
        return None if venue_order_id is None else self._by_venue_id.get(venue_order_id)

    # ------------------------------------------------------------------ inside

    def _unknown(self, order_id: UUID, now: Nanos) -> list[ExecutionReport]:
        doubt = self._doubts.setdefault(order_id, Doubt(now))
        if doubt.unknown_since is None:
            doubt.unknown_since = now
        request = self.outbox.first(order_id)
        if request is not None and (request.flying or request.sent_at is None):
            return []
        if now - doubt.unknown_since < self._grace_nanos:
            return []
        del self._doubts[order_id]
        return self.venue.unknown(order_id, now)

    def _conclude(self, order_id: UUID, seen: VenueOrder, now: Nanos) -> list[ExecutionReport]:
        """Settle requests about an order by its seen state."""
        order = self.venue.find(order_id)
        if order is None or order.working.filled >= seen.filled_quantity:
            self._doubts.pop(order_id, None)
        request = self.outbox.first(order_id)
        if order is None or request is None or request.flying or not seen.is_open:
            return []
        if request.sent_at is None or now - request.sent_at < self._grace_nanos:
            return []
        if request.kind is RequestKind.REPLACE and order.changes:
            if order.is_restated:
                # It was answered with other terms than were asked for, and the answer was lost.
                return self.venue.on_answer(order_id, request.kind, Acknowledged(order=seen), now)
            return self.venue.unmade(order_id, request.kind, _NOT_MADE, now)
        if request.kind is RequestKind.CANCEL and not self.outbox.again(request):
            # Nobody else gives up: what the engine calls back must not stay there.
            assert request.cause is Cause.REQUESTED
            return self.venue.unmade(order_id, request.kind, _NOT_CANCELED, now)
        return []

    def _forget_what_is_answered(self, request: VenueRequest) -> None:
        """Remove answered or ended orders from the requests of groups, after a restart."""
        for order_id in request.orders:
            order = self.venue.find(order_id)
            if order is None:
                self.outbox.settle(Settled(order_id=order_id))
            elif order.acknowledged:
                self.outbox.settle(Settled(order_id=order_id, kind=RequestKind.SUBMIT))

    def _index(self, order_id: UUID) -> None:
        order = self.venue.find(order_id)
        if order is None:
            for venue_id in self._venue_ids.pop(order_id, ()):
                del self._by_venue_id[venue_id]
        elif order.venue_order_id is not None and order.venue_order_id not in self._by_venue_id:
            self._by_venue_id[order.venue_order_id] = order_id
            self._venue_ids.setdefault(order_id, set()).add(order.venue_order_id)


def orders_of(reports: Iterable[VenueReport]) -> set[UUID]:
    """Our orders that reports name."""
    return {order_id for report in reports if (order_id := order_id_of(report.client_order_id)) is not None}
