"""The custody of orders that trade somewhere else: the trigger book asks it before it changes or ends one. Pure."""

from collections.abc import Hashable
from decimal import Decimal
from typing import Protocol

from domain.orders.exchange.book.working import WorkingOrder
from domain.orders.exchange.execution_reports import RestateReason
from domain.orders.exchange.types import CancelReason
from domain.orders.model.types import RejectReason


class Custody(Protocol):
    """Decides on what happens to an order that may be somewhere else; ``*_here`` of the book does it in the book.

    Without a custody all orders are in the book, and everything happens there at once.
    """

    def accept(self, order: WorkingOrder) -> None:
        """The order works from now on."""
        ...

    def restate(
        self, order: WorkingOrder, reason: RestateReason, *, quantity: Decimal | None, limit: Decimal | None
    ) -> None:
        """Change an order unasked."""
        ...

    def cancel(self, order: WorkingOrder, reason: CancelReason) -> None:
        """Cancel an order, with the effects on its group."""
        ...

    def cancel_alone(self, order: WorkingOrder, reason: CancelReason) -> None:
        """Cancel an order without effects on its group."""
        ...

    def reject_alone(self, order: WorkingOrder, reason: RejectReason, message: str) -> None:
        """Reject an order without effects on its group."""
        ...

    def expire(self, order: WorkingOrder) -> None:
        """Expire an order."""
        ...

    def exits_ended(self, account: Hashable) -> None:
        """The book has ended the account's exits that have nothing left to reduce."""
        ...

    def ended(self, order: WorkingOrder) -> None:
        """The book has ended an order."""
        ...
