"""Tables after FIX's order-state change matrices: who wins a race, and which quantities stand.

Each row is a step and what must be true after it: the event, the order's status, what is pending, and its quantities
(OrderQty, CumQty, LeavesQty). A step without an event changed nothing. Where FIX leaves it to the venue, the row says
what this platform does.
"""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from domain.kernel.numbers import ZERO
from domain.orders.books.booking import ReportBooking
from domain.orders.deciding.modify_rules import decide_change
from domain.orders.deciding.pretrade import decide
from domain.orders.deciding.state import TRANSITIONS, IllegalTransition, move, new_order
from domain.orders.exchange import execution_reports
from domain.orders.exchange.types import CancelReason
from domain.orders.model.commands import ModifyOrder, OrderKey
from domain.orders.model.order import Order
from domain.orders.model.types import Liquidity, OrderStatus, PendingAction, RejectReason
from tests.orders.factories import ACCOUNT_ID, NOW, SPOT, command, market, trading_book

PRICE = Decimal(100)


class Line:
    """One order to buy 10 at 100, and its venue, whose reports may come in any order."""

    def __init__(self) -> None:
        self.book = trading_book("100000")
        asked = command(quantity=Decimal(10), limit_price=PRICE)
        decision = decide(asked, SPOT, market(), self.book)
        self.order: Order = new_order(asked, SPOT, "paper", decision, market(), None, NOW, b"")
        self.booked: set[tuple[object, str]] = set()
        self.last: execution_reports.ExecutionReport | None = None
        self.clock = 0

    def say(self, report: execution_reports.ExecutionReport) -> None:
        self.last = report
        booking = ReportBooking(
            {self.order.id: self.order},
            {ACCOUNT_ID: self.book},
            {SPOT.id: SPOT},
            self.booked,  # type: ignore[arg-type]  # the same keys
            NOW + timedelta(seconds=self.clock),
        )
        self.clock += 1
        booking.apply([report])

    def step(self, name: str, *values: str) -> None:
        """A step by its name, such as ``fill 4``."""
        steps: dict[str, Callable[..., None]] = {
            "accepted": self.accepted,
            "rejected": self.rejected,
            "fill": self.fill,
            "again": self.again,
            "cancel?": self.ask_cancel,
            "canceled": self.canceled,
            "cancel-rejected": self.cancel_rejected,
            "replace?": self.ask_replace,
            "replaced": self.replaced,
            "replace-rejected": self.replace_rejected,
            "restated": self.restated,
            "expired": self.expired,
        }
        steps[name](*values)

    def _change(self, status: OrderStatus) -> dict[str, object]:
        return {"order_id": self.order.id, "at": self.clock, "status": status}

    def _live(self) -> OrderStatus:
        """The status of a working order at its venue."""
        return OrderStatus.PARTIALLY_FILLED if self.order.filled_quantity else OrderStatus.NEW

    def accepted(self) -> None:
        terms = {"limit_price": PRICE, "stop_price": None, "activated": False}
        self.say(execution_reports.Accepted(sequence=1, quantity=Decimal(10), **terms, **self._change(OrderStatus.NEW)))

    def rejected(self) -> None:
        reason = RejectReason.VENUE_REJECTED
        self.say(execution_reports.Rejected(reason=reason, message="no", **self._change(OrderStatus.REJECTED)))

    def fill(self, quantity: str) -> None:
        filled = self.order.filled_quantity + Decimal(quantity)
        remaining = self.order.quantity - filled
        status = OrderStatus.PARTIALLY_FILLED if remaining > 0 else OrderStatus.FILLED
        self.say(
            execution_reports.Filled(
                price=PRICE,
                quantity=Decimal(quantity),
                liquidity=Liquidity.MAKER,
                number=self.order.execution_count + 1,
                filled_quantity=filled,
                remaining=remaining,
                last_in_event=True,
                **self._change(status),
            )
        )

    def again(self) -> None:
        assert self.last is not None
        self.say(self.last)

    def ask_cancel(self) -> None:
        self.order.pending_action = PendingAction.CANCEL

    def canceled(self) -> None:
        self.say(execution_reports.Canceled(reason=CancelReason.REQUESTED, **self._change(OrderStatus.CANCELED)))

    def cancel_rejected(self) -> None:
        self.say(execution_reports.CancelRejected(order_id=self.order.id, at=self.clock, message="too late"))

    def ask_replace(self, quantity: str) -> None:
        asked = ModifyOrder(OrderKey(), quantity=Decimal(quantity))
        decision = decide_change(self.order, asked, SPOT, market(), self.book, [self.order])
        assert decision.refusal is None
        self.order.pending_action = PendingAction.REPLACE

    def replaced(self, quantity: str) -> None:
        done = Decimal(quantity) == self.order.filled_quantity
        terms = {"limit_price": PRICE, "stop_price": None, "trailing_offset": None, "expires_at": None}
        status = OrderStatus.FILLED if done else self._live()
        self.say(execution_reports.Replaced(sequence=2, quantity=Decimal(quantity), **terms, **self._change(status)))

    def replace_rejected(self) -> None:
        self.say(
            execution_reports.ReplaceRejected(
                order_id=self.order.id, at=self.clock, reason=RejectReason.VENUE_REJECTED, message="too late"
            )
        )

    def restated(self, quantity: str) -> None:
        reason = execution_reports.RestateReason.REDUCE_ONLY
        self.say(
            execution_reports.Restated(
                quantity=Decimal(quantity),
                limit_price=PRICE,
                stop_price=None,
                reason=reason,
                **self._change(self._live()),
            )
        )

    def expired(self) -> None:
        self.say(execution_reports.Expired(**self._change(OrderStatus.EXPIRED)))

    def row(self, events_before: int) -> str:
        """The event of the last step, if any, and the order's state, as the tables write it."""
        new = self.book.account.events[events_before:]
        assert len(new) <= 1
        order = self.order
        quantities = "/".join(
            f"{value:f}" for value in (order.quantity, order.filled_quantity, order.remaining_quantity)
        )
        return f"{new[0].kind if new else '-'} {order.status} {order.pending_action or '-'} {quantities}"

    def check_reserve(self) -> None:
        """Assert that the larger reservation is kept, and that an ended order reserves nothing."""
        quantities = [self.order.quantity, *(change.quantity_after for change in self.order.pending_changes)]
        largest = max(quantities) - self.order.filled_quantity if self.order.is_open else ZERO
        assert self.order.reserved_quantity == largest
        assert self.book.account.reserved == largest * PRICE * Decimal("1.001")


MATRICES: dict[str, str] = {
    "filled order": """
        accepted            | NEW NEW - 10/0/10
        fill 2              | TRADE PARTIALLY_FILLED - 10/2/8
        fill 3              | TRADE PARTIALLY_FILLED - 10/5/5
        fill 5              | TRADE FILLED - 10/10/0
    """,
    "part-filled day order, done for the day": """
        accepted            | NEW NEW - 10/0/10
        fill 3              | TRADE PARTIALLY_FILLED - 10/3/7
        expired             | EXPIRED EXPIRED - 10/3/0
    """,
    "cancel of a zero-filled order": """
        accepted            | NEW NEW - 10/0/10
        cancel?             | - NEW CANCEL 10/0/10
        canceled            | CANCELED CANCELED - 10/0/0
    """,
    "cancel of a part-filled order, executions while it is pending": """
        accepted            | NEW NEW - 10/0/10
        fill 2              | TRADE PARTIALLY_FILLED - 10/2/8
        cancel?             | - PARTIALLY_FILLED CANCEL 10/2/8
        fill 5              | TRADE PARTIALLY_FILLED CANCEL 10/7/3
        canceled            | CANCELED CANCELED - 10/7/0
    """,
    "the order is filled before the cancel can be accepted": """
        accepted            | NEW NEW - 10/0/10
        fill 3              | TRADE PARTIALLY_FILLED - 10/3/7
        cancel?             | - PARTIALLY_FILLED CANCEL 10/3/7
        fill 7              | TRADE FILLED - 10/10/0
        cancel-rejected     | CANCEL_REJECTED FILLED - 10/10/0
    """,
    "cancel of an order that is not acknowledged yet": """
        cancel?             | - PENDING_NEW CANCEL 10/0/10
        accepted            | NEW NEW CANCEL 10/0/10
        canceled            | CANCELED CANCELED - 10/0/0
    """,
    "cancel of an order that the venue then rejects": """
        cancel?             | - PENDING_NEW CANCEL 10/0/10
        rejected            | REJECTED REJECTED - 10/0/0
        cancel-rejected     | CANCEL_REJECTED REJECTED - 10/0/0
    """,
    "cancel refused, the order works on": """
        accepted            | NEW NEW - 10/0/10
        cancel?             | - NEW CANCEL 10/0/10
        cancel-rejected     | CANCEL_REJECTED NEW - 10/0/10
        again               | - NEW - 10/0/10
        fill 10             | TRADE FILLED - 10/10/0
    """,
    "an order that the venue rejects": """
        rejected            | REJECTED REJECTED - 10/0/0
        accepted            | - REJECTED - 10/0/0
    """,
    "reports that are sent again": """
        accepted            | NEW NEW - 10/0/10
        again               | - NEW - 10/0/10
        fill 4              | TRADE PARTIALLY_FILLED - 10/4/6
        again               | - PARTIALLY_FILLED - 10/4/6
        fill 6              | TRADE FILLED - 10/10/0
        again               | - FILLED - 10/10/0
    """,
    "replace of a zero-filled order to increase it": """
        accepted            | NEW NEW - 10/0/10
        replace? 11         | - NEW REPLACE 10/0/10
        replaced 11         | REPLACED NEW - 11/0/11
        fill 1              | TRADE PARTIALLY_FILLED - 11/1/10
        fill 10             | TRADE FILLED - 11/11/0
    """,
    "replace of a part-filled order, execution while it is pending": """
        accepted            | NEW NEW - 10/0/10
        fill 1              | TRADE PARTIALLY_FILLED - 10/1/9
        replace? 12         | - PARTIALLY_FILLED REPLACE 10/1/9
        fill 1              | TRADE PARTIALLY_FILLED REPLACE 10/2/8
        replaced 12         | REPLACED PARTIALLY_FILLED - 12/2/10
        fill 10             | TRADE FILLED - 12/12/0
    """,
    "the order is filled before the replace can be accepted": """
        accepted            | NEW NEW - 10/0/10
        replace? 12         | - NEW REPLACE 10/0/10
        fill 10             | TRADE FILLED - 10/10/0
        replace-rejected    | REPLACE_REJECTED FILLED - 10/10/0
        replaced 12         | - FILLED - 10/10/0
    """,
    "replace refused, the order works on": """
        accepted            | NEW NEW - 10/0/10
        replace? 12         | - NEW REPLACE 10/0/10
        replace-rejected    | REPLACE_REJECTED NEW - 10/0/10
        again               | - NEW - 10/0/10
        fill 10             | TRADE FILLED - 10/10/0
    """,
    "replace to less while executions are reported, above what is filled": """
        accepted            | NEW NEW - 10/0/10
        replace? 8          | - NEW REPLACE 10/0/10
        fill 5              | TRADE PARTIALLY_FILLED REPLACE 10/5/5
        replaced 8          | REPLACED PARTIALLY_FILLED - 8/5/3
        fill 3              | TRADE FILLED - 8/8/0
    """,
    "replace to exactly what is filled: the order is done": """
        accepted            | NEW NEW - 10/0/10
        replace? 7          | - NEW REPLACE 10/0/10
        fill 7              | TRADE PARTIALLY_FILLED REPLACE 10/7/3
        replaced 7          | REPLACED FILLED - 7/7/0
        again               | - FILLED - 7/7/0
    """,
    "replace below what is filled by then: refused": """
        accepted            | NEW NEW - 10/0/10
        replace? 6          | - NEW REPLACE 10/0/10
        fill 8              | TRADE PARTIALLY_FILLED REPLACE 10/8/2
        replace-rejected    | REPLACE_REJECTED PARTIALLY_FILLED - 10/8/2
    """,
    "two replaces in line, both made": """
        accepted            | NEW NEW - 10/0/10
        replace? 8          | - NEW REPLACE 10/0/10
        replace? 9          | - NEW REPLACE 10/0/10
        replaced 8          | REPLACED NEW REPLACE 8/0/8
        fill 1              | TRADE PARTIALLY_FILLED REPLACE 8/1/7
        replaced 9          | REPLACED PARTIALLY_FILLED - 9/1/8
    """,
    "two replaces in line, the first refused": """
        accepted            | NEW NEW - 10/0/10
        replace? 20         | - NEW REPLACE 10/0/10
        replace? 9          | - NEW REPLACE 10/0/10
        replace-rejected    | REPLACE_REJECTED NEW REPLACE 10/0/10
        replaced 9          | REPLACED NEW - 9/0/9
    """,
    "cancel while a replace is pending, both made": """
        accepted            | NEW NEW - 10/0/10
        replace? 12         | - NEW REPLACE 10/0/10
        cancel?             | - NEW CANCEL 10/0/10
        replaced 12         | REPLACED NEW CANCEL 12/0/12
        canceled            | CANCELED CANCELED - 12/0/0
    """,
    "cancel while a replace is pending, the cancel comes first": """
        accepted            | NEW NEW - 10/0/10
        replace? 12         | - NEW REPLACE 10/0/10
        cancel?             | - NEW CANCEL 10/0/10
        canceled            | CANCELED CANCELED - 10/0/0
        replace-rejected    | REPLACE_REJECTED CANCELED - 10/0/0
    """,
    "cancel refused while a replace is pending": """
        accepted            | NEW NEW - 10/0/10
        replace? 12         | - NEW REPLACE 10/0/10
        cancel?             | - NEW CANCEL 10/0/10
        cancel-rejected     | CANCEL_REJECTED NEW REPLACE 10/0/10
        replaced 12         | REPLACED NEW - 12/0/12
    """,
    "unsolicited cancel of a part-filled order": """
        accepted            | NEW NEW - 10/0/10
        fill 5              | TRADE PARTIALLY_FILLED - 10/5/5
        canceled            | CANCELED CANCELED - 10/5/0
        again               | - CANCELED - 10/5/0
    """,
    "unsolicited replace": """
        accepted            | NEW NEW - 10/0/10
        replaced 11         | REPLACED NEW - 11/0/11
    """,
    "unsolicited reduction": """
        accepted            | NEW NEW - 10/0/10
        fill 1              | TRADE PARTIALLY_FILLED - 10/1/9
        restated 9          | REPLACED PARTIALLY_FILLED - 9/1/8
        fill 8              | TRADE FILLED - 9/9/0
    """,
    "a fill before the acknowledgement, which comes too late to matter": """
        fill 4              | TRADE PARTIALLY_FILLED - 10/4/6
        accepted            | - PARTIALLY_FILLED - 10/4/6
        fill 6              | TRADE FILLED - 10/10/0
    """,
    "late fills after a cancel: booked, the status stays": """
        accepted            | NEW NEW - 10/0/10
        canceled            | CANCELED CANCELED - 10/0/0
        fill 4              | TRADE CANCELED - 10/4/0
        again               | - CANCELED - 10/4/0
        fill 6              | TRADE CANCELED - 10/10/0
    """,
    "a late fill after expiry: booked, the status stays": """
        accepted            | NEW NEW - 10/0/10
        expired             | EXPIRED EXPIRED - 10/0/0
        fill 10             | TRADE EXPIRED - 10/10/0
    """,
    "more fills than there were to be: booked, for the venue did them": """
        accepted            | NEW NEW - 10/0/10
        fill 12             | TRADE FILLED - 10/12/0
        fill 1              | TRADE FILLED - 10/13/0
    """,
    "nothing moves an order that is over": """
        accepted            | NEW NEW - 10/0/10
        fill 10             | TRADE FILLED - 10/10/0
        canceled            | - FILLED - 10/10/0
        expired             | - FILLED - 10/10/0
        rejected            | - FILLED - 10/10/0
        restated 5          | - FILLED - 10/10/0
        replaced 5          | - FILLED - 10/10/0
    """,
    "a cancel that meets a cancel": """
        accepted            | NEW NEW - 10/0/10
        cancel?             | - NEW CANCEL 10/0/10
        canceled            | CANCELED CANCELED - 10/0/0
        cancel-rejected     | - CANCELED - 10/0/0
    """,
    "an order that ends before it is acknowledged": """
        expired             | EXPIRED EXPIRED - 10/0/0
        accepted            | - EXPIRED - 10/0/0
    """,
    "immediate or cancel: a part, the rest cancelled": """
        accepted            | NEW NEW - 10/0/10
        fill 4              | TRADE PARTIALLY_FILLED - 10/4/6
        canceled            | CANCELED CANCELED - 10/4/0
    """,
    "fill or kill that could not be filled": """
        accepted            | NEW NEW - 10/0/10
        canceled            | CANCELED CANCELED - 10/0/0
    """,
    "a post-only order that its trigger would make take": """
        accepted            | NEW NEW - 10/0/10
        rejected            | REJECTED REJECTED - 10/0/0
    """,
    "a replace that is refused after the order was cancelled unasked": """
        accepted            | NEW NEW - 10/0/10
        replace? 5          | - NEW REPLACE 10/0/10
        canceled            | CANCELED CANCELED - 10/0/0
        replaced 5          | - CANCELED - 10/0/0
        replace-rejected    | REPLACE_REJECTED CANCELED - 10/0/0
    """,
}


@pytest.mark.parametrize("name", list(MATRICES))
def test_each_sequence_of_reports_gives_the_status_and_quantities_of_fix(name: str) -> None:
    line = Line()
    line.check_reserve()
    for row in filter(None, map(str.strip, MATRICES[name].strip().splitlines())):
        step, _, wanted = (part.strip() for part in row.partition("|"))
        before = len(line.book.account.events)
        line.step(*step.split())
        assert line.row(before) == wanted, step
        line.check_reserve()


@pytest.mark.parametrize("current", list(OrderStatus))
@pytest.mark.parametrize("wanted", list(OrderStatus))
def test_every_transition_outside_the_table_is_an_error(current: OrderStatus, wanted: OrderStatus) -> None:
    order = Line().order
    order.status = current
    if wanted is current or wanted in TRANSITIONS[current]:
        move(order, wanted, NOW)
        assert order.status is wanted
        return
    with pytest.raises(IllegalTransition):
        move(order, wanted, NOW)
    assert order.status is current


def test_no_transition_leaves_a_final_status() -> None:
    ends = {status for status in OrderStatus if not TRANSITIONS[status]}
    assert ends == {OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.REJECTED, OrderStatus.EXPIRED}
    reachable = {target for targets in TRANSITIONS.values() for target in targets}
    assert reachable == set(OrderStatus) - {OrderStatus.HELD}


def test_a_version_rises_with_each_change_that_can_invalidate_a_pending_command() -> None:
    line = Line()
    counted = []
    for step in ("accepted", "fill 1", "again", "replace? 9", "replaced 9", "cancel?", "cancel-rejected", "restated 5"):
        line.step(*step.split())
        counted.append(line.order.version)
    # Asking raises it where the commands are taken, not here.
    assert counted == [1, 2, 2, 2, 2, 2, 2, 3]
