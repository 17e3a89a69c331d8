"""What a venue is asked to do, as values: written with the order, acted on by the venue's router."""

from dataclasses import dataclass
from uuid import UUID

from domain.accounts.types import AccountKind, PositionMode
from domain.orders.model.order import Order, PendingChange

SUBMIT = "SUBMIT"
CANCEL = "CANCEL"
REPLACE = "REPLACE"
# Fills or positions were changed beside the venue: it must look again.
REARM = "REARM"


@dataclass(frozen=True, slots=True)
class AccountTerms:
    """What a venue has to know of an account: how it keeps positions, and whether it may go short."""

    id: UUID
    kind: AccountKind
    mode: PositionMode


@dataclass(frozen=True, slots=True)
class VenueCommand:
    """What a venue is asked (SUBMIT, CANCEL, REPLACE, REARM) of which order.

    ``group`` are all orders that are to be submitted as one, the entry first; ``change`` is what a REPLACE asks for.
    ``account`` says what the venue has to know of the order's account.
    """

    kind: str
    order: Order
    account: AccountTerms
    group: tuple[Order, ...] = ()
    change: PendingChange | None = None
