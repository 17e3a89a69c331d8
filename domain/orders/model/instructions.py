"""What a venue is asked to do, as values: written with the order, acted on by the venue's router."""

from dataclasses import dataclass

from domain.orders.model.order import Order, PendingChange

SUBMIT = "SUBMIT"
CANCEL = "CANCEL"
REPLACE = "REPLACE"
# Fills or positions were changed beside the venue: it must look again.
REARM = "REARM"


@dataclass(frozen=True, slots=True)
class Command:
    """What a venue is asked (SUBMIT, CANCEL, REPLACE, REARM) of which order.

    ``group`` are all orders that are to be submitted as one, the entry first; ``change`` is what a REPLACE asks for.
    ``is_hedging`` says of a SUBMIT that its account keeps long and short apart.
    """

    kind: str
    order: Order
    group: tuple[Order, ...] = ()
    change: PendingChange | None = None
    is_hedging: bool = False
