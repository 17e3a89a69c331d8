"""An order of a real venue inside the engine: its state, and its location."""

from collections import deque
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from domain.kernel.numbers import ZERO
from domain.orders.exchange.book.working import WorkingOrder
from domain.orders.exchange.types import Changes, OrderState
from domain.orders.venues.types import RequestKind, VenueOrder


class Cause(StrEnum):
    """The reason for which the venue is asked to cancel an order."""

    REQUESTED = "REQUESTED"
    GROUP = "GROUP"
    REDUCE_ONLY = "REDUCE_ONLY"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A request to send to the venue; a cancel has a ``cause``.

    A native group is sent as one: ``group`` names its orders, and the request is that of the first.
    """

    kind: RequestKind
    order_id: UUID
    group: tuple[UUID, ...] = ()
    cause: Cause | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The answer to a request about an order; without a ``kind`` to all of them, because the order has ended."""

    order_id: UUID
    kind: RequestKind | None = None


@dataclass(frozen=True, slots=True)
class ShownTerms:
    """The terms of an order that a venue shows."""

    quantity: Decimal
    limit: Decimal | None
    stop: Decimal | None


class RemoteOrder:
    """A working order with its location.

    ``working``: the order as the trigger book keeps it.
    ``native``: the venue supports it, so it goes there when it arrives. ``at_venue``: it was handed over to it.
    ``acknowledged``: the venue has confirmed it. ``waiting``: it could go, but another order that it excludes is still
    at the venue. ``linked``: the venue links it with its group. ``timed_here``: the engine expires it by its clock.
    ``pending_cancel``: the reason of a cancel in flight. ``changes``: the requested changes, oldest first.
    ``change_taken``: the venue has made the oldest of them, and has not said with which terms. ``is_restated``: since
    it was sent, the venue has stated other terms. ``earlier_terms``: those before changes whose terms the venue has
    not stated, the last of them made at ``replaced_at`` on our clock. ``is_exceeded``: more is filled than was known
    to be asked for, and the venue has not said for how much it works. ``counted_extra``: by how much the venue's
    filled quantity exceeds the sum of the executions, because it counts them in the units of after a split.
    ``executions``: the ids of booked executions. ``ended``: the venue's report of its end, while executions that belong
    to it are missing. ``seen_at``: the venue's time of its newest report.
    """

    __slots__ = (
        "acknowledged",
        "at_venue",
        "change_taken",
        "changes",
        "counted_extra",
        "earlier_terms",
        "ended",
        "executions",
        "is_exceeded",
        "is_restated",
        "linked",
        "native",
        "pending_cancel",
        "replaced_at",
        "seen_at",
        "timed_here",
        "venue_order_id",
        "waiting",
        "working",
    )

    def __init__(self, state: OrderState, *, native: bool, timed_here: bool, linked: bool = False) -> None:
        self.working = WorkingOrder(state)
        self.native = native
        self.linked = linked
        self.timed_here = timed_here
        self.at_venue = False
        self.acknowledged = False
        self.waiting = False
        self.pending_cancel: Cause | None = None
        self.changes: deque[Changes] = deque()
        self.change_taken = False
        self.is_restated = False
        self.is_exceeded = False
        self.counted_extra = ZERO
        self.earlier_terms: tuple[ShownTerms, ...] = ()
        self.replaced_at = 0
        self.executions: set[str] = set()
        self.ended: VenueOrder | None = None
        self.seen_at = 0
        self.venue_order_id: str | None = None

    @property
    def shown_terms(self) -> ShownTerms:
        """Its terms of now."""
        return ShownTerms(self.working.quantity, self.working.limit, self.working.stop)

    @property
    def account_id(self) -> UUID:
        """The id of its account."""
        account = self.working.terms.account
        assert isinstance(account, UUID)
        return account

    @property
    def order_id(self) -> UUID:
        """Its id; the ids of our orders are UUIDs."""
        order_id = self.working.id
        assert isinstance(order_id, UUID)
        return order_id
