"""An order of a real venue inside the engine: how it stands, and whether we or the venue hold it."""

from collections import deque
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from domain.orders.exchange.book.working import WorkingOrder
from domain.orders.exchange.types import Changes, OrderState
from domain.orders.venues.types import RequestKind, VenueOrder


class Cause(StrEnum):
    """Why the venue is asked to cancel an order."""

    REQUESTED = "REQUESTED"
    GROUP = "GROUP"
    REDUCE_ONLY = "REDUCE_ONLY"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A request that the venue is to get; a cancel says its ``cause``.

    A native group goes as one: ``group`` names its orders, and the request is that of the first.
    """

    kind: RequestKind
    order_id: UUID
    group: tuple[UUID, ...] = ()
    cause: Cause | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What was asked about an order is answered; without a ``kind`` everything is, because the order is over."""

    order_id: UUID
    kind: RequestKind | None = None


@dataclass(frozen=True, slots=True)
class ShownTerms:
    """The terms of an order that a venue shows."""

    quantity: Decimal
    limit: Decimal | None
    stop: Decimal | None


class RemoteOrder(WorkingOrder):
    """What a ``WorkingOrder`` knows, and where the order is.

    ``native``: the venue takes it as it is, so it goes there when it arrives. ``away``: it was handed over to it.
    ``acknowledged``: the venue has said that it has it. ``waiting``: it could go, but another order that it excludes is
    still at the venue. ``linked``: the venue links it with its group. ``timed_here``: the engine ends it by its clock.
    ``leaving``: why a cancel of it is under way. ``changes``: what it was asked to become, oldest first.
    ``change_taken``: the venue has made the oldest of them, and has not said what came of it. ``is_restated``: since
    that was asked for, the venue has stated other terms. ``earlier_terms``: those before changes of which the venue has
    not said what came of them, the last of them made at ``replaced_at`` on our clock. ``is_exceeded``: more was filled
    than was known to be asked for, and the venue has not said yet for how much it works.
    ``executions``: the ids of those that are booked. ``ended``: the venue's word that it is over, while executions that
    go with it are missing. ``seen_at``: the venue's time of the newest word on it.
    """

    __slots__ = (
        "acknowledged",
        "at_venue",
        "change_taken",
        "changes",
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
    )

    def __init__(self, state: OrderState, *, native: bool, timed_here: bool, linked: bool = False) -> None:
        super().__init__(state)
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
        self.earlier_terms: tuple[ShownTerms, ...] = ()
        self.replaced_at = 0
        self.executions: set[str] = set()
        self.ended: VenueOrder | None = None
        self.seen_at = 0
        self.venue_order_id: str | None = None

    @property
    def shown_terms(self) -> ShownTerms:
        """Its terms of now."""
        return ShownTerms(self.quantity, self.limit, self.stop)

    @property
    def order_id(self) -> UUID:
        """Its id; those of our orders are UUIDs."""
        assert isinstance(self.id, UUID)
        return self.id


def remote(order: WorkingOrder) -> RemoteOrder:
    """The same order, known to be one of a real venue."""
    assert isinstance(order, RemoteOrder)
    return order
