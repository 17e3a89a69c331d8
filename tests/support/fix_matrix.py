"""Plays the rows of an order state change matrix (FIX 4.4, volume 4, appendix D) against the port of real venues.

A row is one line: what happens, and how the order stands after it at the venue. The world sends our requests and takes
the venue's words; after each row our order must show the same status, quantity, filled and leaves quantity.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any

from domain.kernel.time import NANOS_PER_SECOND, Nanos
from domain.orders.exchange.execution_reports import ExecutionReport
from domain.orders.model.order import Execution, Order
from domain.orders.model.types import Liquidity, OrderStatus, RejectReason, Side, TimeInForce
from domain.orders.venues.outbox import VenueRequest
from domain.orders.venues.types import (
    Acknowledged,
    Declined,
    RequestDeclined,
    RequestKind,
    Unanswered,
    VenueExecution,
    VenueOrder,
    client_id_of,
)
from tests.orders.factories import SPOT, command
from tests.support.loopback import EVERYTHING, LoopbackVenue
from tests.support.remote_world import GRACE_NANOS, Letter, RemoteWorld

_KINDS = frozenset(RequestKind)
_PRICE = Decimal(99)


class Telling(StrEnum):
    """The ways in which a venue reports the same facts."""

    # An answer says how the order stands.
    FULL_ANSWERS = "FULL_ANSWERS"
    # A bare answer, then a report.
    BARE_ANSWERS = "BARE_ANSWERS"
    # A report, then a bare answer.
    REPORT_FIRST = "REPORT_FIRST"
    # How the order stands after a fill, then the fill.
    STATE_FIRST = "STATE_FIRST"
    # All of it twice, and an older word on the order after each.
    REPEATED = "REPEATED"
    # The engine ends after each row, and its successor knows what is stored.
    RESTARTED = "RESTARTED"


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of an order at the venue, or on the platform."""

    status: OrderStatus
    quantity: Decimal
    filled: Decimal
    leaves: Decimal

    @staticmethod
    def read(text: str) -> "Standing":
        """From the columns of a row: OrdStatus, OrderQty, CumQty, LeavesQty."""
        status, *numbers = text.split()
        quantity, filled, leaves = (Decimal(number) for number in numbers)
        return Standing(OrderStatus(status), quantity, filled, leaves)

    @staticmethod
    def of(order: Order) -> "Standing":
        """The state of the platform's order."""
        return Standing(order.status, order.quantity, order.filled_quantity, order.remaining_quantity)


class Recorded(RemoteWorld):
    """A world that keeps the executions that it books."""

    def __init__(self) -> None:
        self.executions: list[Execution] = []
        super().__init__(SPOT, "10000000", LoopbackVenue(capabilities=EVERYTHING))

    def report(self, reports: Sequence[ExecutionReport]) -> Any:
        """Book reports."""
        booking = super().report(reports)
        self.executions += booking.executions
        return booking


class Play:
    """One order, its venue, and the reports so far."""

    order: Order

    def __init__(self, telling: Telling) -> None:
        self.world = Recorded()
        self.telling = telling
        self.sent: list[VenueRequest] = []
        self._words: list[VenueOrder] = []
        self._at = 0
        self._fills = 0
        self._limit = _PRICE

    def row(self, happens: str, stands: str) -> None:
        """Apply a step; afterwards the venue's order must have the given state."""
        verb, *others = happens.split()
        getattr(self, f"_{verb.lower()}")(Standing.read(stands), *others)
        self._send()
        if self.telling is Telling.REPEATED and len(self._words) > 1:
            self.world.take(self._words[-2])
        if self.telling is Telling.RESTARTED:
            self.world.restart()

    # ------------------------------------------------------------------ what we do

    def _place(self, stands: Standing, time_in_force: str = "GTC") -> None:
        terms = {"quantity": stands.quantity, "time_in_force": TimeInForce(time_in_force)}
        self.order = self.world.place(command(limit_price=_PRICE, **terms))

    def _cancel(self, _stands: Standing) -> None:
        self.world.cancel(self.order)

    def _replace(self, _stands: Standing, **asked: Any) -> None:
        assert self.world.modify(self.order, **asked).refusal is None

    def _resize(self, stands: Standing, quantity: str) -> None:
        self._replace(stands, quantity=Decimal(quantity))

    def _reprice(self, stands: Standing, price: str) -> None:
        self._replace(stands, limit_price=Decimal(price))

    # ------------------------------------------------------------------ what the venue says

    def _trade(self, stands: Standing, quantity: str, price: str = "99") -> None:
        self._fills += 1
        fill = VenueExecution(
            client_order_id=client_id_of(self.order.id),
            venue_order_id="V1",
            venue_execution_id=f"E{self._fills}",
            symbol="COIN",
            side=Side.BUY,
            price=Decimal(price),
            quantity=Decimal(quantity),
            liquidity=Liquidity.MAKER,
            at=self._now(),
        )
        word = self._word(stands)
        if self.telling is Telling.STATE_FIRST:
            self._tell(word)
        self.world.take(fill)
        if self.telling is Telling.REPEATED:
            self.world.take(fill)
        if self.telling is not Telling.STATE_FIRST:
            self._tell(word)

    def _new(self, stands: Standing) -> None:
        self._answer(RequestKind.SUBMIT, stands)

    def _replaced(self, stands: Standing, price: str | None = None) -> None:
        self._limit = self._limit if price is None else Decimal(price)
        self._answer(RequestKind.REPLACE, stands)

    def _restated(self, stands: Standing, price: str | None = None) -> None:
        self._limit = self._limit if price is None else Decimal(price)
        self._tell(self._word(stands))

    def _status(self, stands: Standing) -> None:
        self.world.report(self.world.session.told(self.order.id, self._word(stands), [], self.world.now))

    _suspended = _reinstated = _done = _renewed = _restated

    def _canceled(self, stands: Standing) -> None:
        self._answer(RequestKind.CANCEL, stands)

    def _pending(self, _stands: Standing) -> None:
        """The venue reports a pending request, for which the port has no value."""

    def _declined(self, stands: Standing, kind: str = "REPLACE") -> None:
        refusal = Declined(reason=RejectReason.VENUE_REJECTED, message="no")
        for request in [row for row in self.sent if row.kind is RequestKind(kind)]:
            self.sent.remove(request)
            self.world.take(Letter(request, self.order.id, refusal))
        self._tell(self._word(stands))

    def _rejected(self, _stands: Standing) -> None:
        refusal = RequestDeclined(
            client_order_id=client_id_of(self.order.id),
            kind=RequestKind.SUBMIT,
            reason=RejectReason.VENUE_REJECTED,
            message="no",
            at=self._now(),
        )
        request = next((row for row in self.sent if row.kind is RequestKind.SUBMIT), None)
        if request is None:
            word = self._word(Standing(OrderStatus.REJECTED, self.order.quantity, Decimal(0), Decimal(0)))
            self._tell(word)
        else:
            self.sent.remove(request)
            self.world.take(refusal)

    def _unknown(self, _stands: Standing) -> None:
        """The venue answers that it has no such order until that counts."""
        for request in self.sent:
            self.world.take(Letter(request, self.order.id, Unanswered(message="no answer")))
        self.world.report(self.world.session.told(self.order.id, None, [], self.world.now))
        self.world.clock += GRACE_NANOS
        self.world.report(self.world.session.told(self.order.id, None, [], self.world.now))

    # ------------------------------------------------------------------ inside

    def _answer(self, kind: RequestKind, stands: Standing) -> None:
        word = self._word(stands)
        request = next((row for row in self.sent if row.kind is kind), None)
        if request is None:
            self._tell(word)
            return
        self.sent.remove(request)
        bare = Letter(request, self.order.id, Acknowledged(venue_order_id="V1"))
        full = replace(bare, answer=Acknowledged(venue_order_id="V1", order=word))
        if self.telling is Telling.REPORT_FIRST:
            self._tell(word)
            self.world.take(bare)
        elif self.telling is Telling.BARE_ANSWERS:
            self.world.take(bare)
            self._tell(word)
        else:
            self.world.take(full)
            self._tell(word)

    def _tell(self, word: VenueOrder) -> None:
        self.world.take(word)
        if self.telling is Telling.REPEATED:
            self.world.take(word)

    def _word(self, stands: Standing) -> VenueOrder:
        word = VenueOrder(
            client_order_id=client_id_of(self.order.id),
            venue_order_id="V1",
            symbol="COIN",
            side=Side.BUY,
            status=stands.status,
            filled_quantity=stands.filled,
            at=self._now(),
            quantity=stands.quantity,
            limit_price=self._limit,
        )
        self._words.append(word)
        return word

    def _send(self) -> None:
        ready = self.world.session.take_ready(self.world.now, 10, _KINDS)
        self.sent += [row for row in ready if row.order_id == self.order.id]

    def _now(self) -> Nanos:
        """The venue's clock."""
        self._at += NANOS_PER_SECOND
        return Nanos(self._at)
