"""The outbox of requests to a venue: in order, sent once, and kept until answered. Pure.

One request per order is in flight at a time. A request is sent only after it has been stored as sent. From then on its
fate is unknown until the venue answers: the order is asked about at growing intervals, and nothing is sent again before
the venue has given the order's state. ``writes`` are the changes since they were last taken: they belong in the
transaction that commits before anything goes out.
"""

from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from domain.kernel.ids import new_id
from domain.kernel.retry_policies import VENUE_REQUEST
from domain.kernel.time import NANOS_PER_SECOND, Nanos
from domain.orders.venues.remote_order import Cause, Settled, Wanted
from domain.orders.venues.types import RequestKind

# Until a venue has said nothing for so long, that it does not know an order may mean that it does not know it yet.
GRACE_NANOS = 10 * NANOS_PER_SECOND
# A cancel that the venue took and did not carry out is asked for again, so often.
MAX_ATTEMPTS = 5
_NEVER = Nanos(0)


@dataclass(slots=True, eq=False)
class VenueRequest:
    """One request. ``sent_at`` None: it has not gone out. ``ask_at`` is the next time to ask about the order.

    ``flying``: this process is sending it now. ``group`` are the orders that a native group still waits for.
    """

    id: UUID
    kind: RequestKind
    order_id: UUID
    account_id: UUID
    group: tuple[UUID, ...]
    cause: Cause | None
    created_at: Nanos
    sent_at: Nanos | None = None
    attempts: int = 0
    flying: bool = False
    asks: int = 0
    ask_at: Nanos = _NEVER

    @property
    def orders(self) -> tuple[UUID, ...]:
        """The orders of the request."""
        return self.group or (self.order_id,)


@dataclass(slots=True)
class Writes:
    """The changes of requests to store."""

    added: list[VenueRequest] = field(default_factory=list)
    changed: dict[UUID, VenueRequest] = field(default_factory=dict)
    removed: list[VenueRequest] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


class Outbox:
    """The requests to one venue."""

    def __init__(self, requests: Iterable[VenueRequest] = (), now: Nanos = _NEVER) -> None:
        self._by_order: dict[UUID, deque[VenueRequest]] = {}
        self._requests: dict[UUID, VenueRequest] = {}
        self._writes = Writes()
        for request in requests:
            # What was sent by a predecessor is asked about at once.
            request.ask_at = now
            self._queue(request)

    def __len__(self) -> int:
        """The number of requests."""
        return len(self._requests)

    @property
    def in_flight(self) -> int:
        """The number of requests being sent."""
        return sum(request.flying for request in self._requests.values())

    def requests(self) -> Collection[VenueRequest]:
        """All requests, oldest first."""
        return self._requests.values()

    def first(self, order_id: UUID) -> VenueRequest | None:
        """The request in flight about an order, or the next one."""
        queue = self._by_order.get(order_id)
        return queue[0] if queue else None

    def get(self, request_id: UUID) -> VenueRequest | None:
        """A request that is not settled."""
        return self._requests.get(request_id)

    @property
    def has_writes(self) -> bool:
        """True if anything changed since the last call of ``take_writes``."""
        return bool(self._writes)

    def take_writes(self) -> Writes:
        """The changes since the last call."""
        writes, self._writes = self._writes, Writes()
        return writes

    # ------------------------------------------------------------------ asking for something

    def add(self, wanted: Wanted, account_id: UUID, now: Nanos) -> VenueRequest:
        """Queue a request until earlier ones about the order are answered."""
        request = VenueRequest(new_id(), wanted.kind, wanted.order_id, account_id, wanted.group, wanted.cause, now)
        self._queue(request)
        self._writes.added.append(request)
        return request

    def withdraw(self, order_id: UUID) -> bool:
        """Remove all requests about an order that was never sent to the venue; False when it may have been."""
        first = self.first(order_id)
        if first is None or first.kind is not RequestKind.SUBMIT or first.sent_at is not None or first.group:
            return False
        self._drop_all(order_id)
        return True

    def take_ready(self, now: Nanos, most: int, kinds: Collection[RequestKind]) -> list[VenueRequest]:
        """Requests of ``kinds`` to send now, oldest first, at most ``most``: from here on they count as sent."""
        ready: list[VenueRequest] = []
        for request in self._requests.values():
            if len(ready) >= most:
                break
            if request.sent_at is not None or request.kind not in kinds:
                continue
            if all(self.first(order_id) is request for order_id in request.orders):
                ready.append(request)
        for request in ready:
            request.sent_at, request.flying = now, True
            request.attempts += 1
            request.asks = 0
            request.ask_at = Nanos(now + round(VENUE_REQUEST.longest_seconds * NANOS_PER_SECOND))
            self._note(request)
        return ready

    # ------------------------------------------------------------------ being answered

    def landed(self, request_id: UUID, now: Nanos) -> VenueRequest | None:
        """Mark a request as no longer being sent, answered or not; None if it was settled meanwhile.

        If it is still unanswered after a second, the order is asked about.
        """
        request = self._requests.get(request_id)
        if request is not None:
            request.flying = False
            request.ask_at = Nanos(now + VENUE_REQUEST.delay_nanos(1))
        return request

    def settle(self, settled: Settled) -> None:
        """Remove the request of this kind after the venue's answer, or all requests about an ended order."""
        if settled.kind is None:
            self._drop_all(settled.order_id)
            return
        first = self.first(settled.order_id)
        if first is not None and first.kind is settled.kind:
            self._leave(first, settled.order_id)

    def again(self, request: VenueRequest) -> bool:
        """Send a request again that the venue, when asked, has not carried out.

        False when a person's request was tried too often; requests of the engine itself are tried without limit.
        """
        if request.attempts >= MAX_ATTEMPTS and request.cause in (None, Cause.REQUESTED):
            return False
        request.sent_at = None
        self._note(request)
        return True

    # ------------------------------------------------------------------ asking about something

    def due(self, now: Nanos) -> list[VenueRequest]:
        """Requests whose orders are to be asked about now; each is due again after a longer interval."""
        found = [
            request
            for request in self._requests.values()
            if request.sent_at is not None and not request.flying and request.ask_at <= now
        ]
        for request in found:
            wait = VENUE_REQUEST.delay_nanos(request.asks + 1)
            request.asks += 1
            request.ask_at = Nanos(now + wait)
        return found

    # ------------------------------------------------------------------ inside

    def _queue(self, request: VenueRequest) -> None:
        self._requests[request.id] = request
        for order_id in request.orders:
            self._by_order.setdefault(order_id, deque()).append(request)

    def _note(self, request: VenueRequest) -> None:
        if request not in self._writes.added:
            self._writes.changed[request.id] = request

    def _drop_all(self, order_id: UUID) -> None:
        for request in list(self._by_order.get(order_id, ())):
            self._leave(request, order_id)

    def _leave(self, request: VenueRequest, order_id: UUID) -> None:
        """Remove an order from a request; a request without orders is removed."""
        queue = self._by_order.get(order_id)
        if queue is not None and request in queue:
            queue.remove(request)
            if not queue:
                del self._by_order[order_id]
        if any(request in self._by_order.get(other, ()) for other in request.orders):
            return
        if self._requests.pop(request.id, None) is None:
            return
        self._writes.changed.pop(request.id, None)
        if request in self._writes.added:
            self._writes.added.remove(request)
        else:
            self._writes.removed.append(request)
