"""Commands to venues, as values: written with the order, executed by the venue's router."""

from dataclasses import dataclass
from uuid import UUID

from domain.accounts.types import AccountKind, PositionMode
from domain.kernel.values import unguarded
from domain.orders.model.order import Order, PendingChange

SUBMIT = "SUBMIT"
CANCEL = "CANCEL"
REPLACE = "REPLACE"
# Fills or positions were changed beside the venue: it must look again.
REARM = "REARM"
# A command to be stored: its kind, its order, and the JSON of what it says beyond the order, if anything.
QueuedCommand = tuple[str, Order, str | None]


@unguarded
@dataclass(frozen=True, slots=True)
class AccountTerms:
    """The account's properties that a venue needs: its position mode, and whether it may go short."""

    id: UUID
    kind: AccountKind
    mode: PositionMode


@unguarded
@dataclass(frozen=True, slots=True)
class VenueCommand:
    """A command to a venue (SUBMIT, CANCEL, REPLACE, REARM) about an order.

    ``group`` are all orders to submit as one, the entry first; ``change`` is the change of a REPLACE. ``account`` holds
    the properties of the order's account.
    """

    kind: str
    order: Order
    account: AccountTerms
    group: tuple[Order, ...] = ()
    change: PendingChange | None = None
