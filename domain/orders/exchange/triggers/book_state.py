"""The state of an exchange: open orders, positions of accounts, and the effects of one order's change on others.

Each method changes an order, reports it, and applies the effects on its group: an OCO ends with its other leg, an entry
releases and grows its exits, an exit shrinks or ends the other.
"""

from collections.abc import Hashable
from decimal import Decimal

from domain.kernel.numbers import ZERO
from domain.market.types import Level
from domain.orders.exchange.book.groups import Groups
from domain.orders.exchange.book.market import ExchangeMarket
from domain.orders.exchange.book.queues import Queues
from domain.orders.exchange.book.working import WorkingOrder
from domain.orders.exchange.execution_reports import (
    Accepted,
    Canceled,
    ExecutionReport,
    Expired,
    Filled,
    Rejected,
    Released,
    Restated,
    RestateReason,
)
from domain.orders.exchange.holdings import Holdings
from domain.orders.exchange.triggers.custody import Custody
from domain.orders.exchange.types import CancelReason
from domain.orders.model import refusals
from domain.orders.model.types import Contingency, Liquidity, OrderStatus, RejectReason

_WORKING = (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED)


class BookState:
    """The state of one instrument's book. ``now`` is the time of the current command or event.

    ``custody`` decides on orders that may be somewhere else; None where all orders are here.
    """

    __slots__ = (
        "custody",
        "exits",
        "groups",
        "holdings",
        "market",
        "now",
        "orders",
        "queues",
        "released",
        "reports",
        "sequence",
    )

    def __init__(self, market: ExchangeMarket, holdings: Holdings, custody: Custody | None = None) -> None:
        self.custody = custody
        self.market = market
        self.holdings = holdings
        self.queues = Queues()
        self.groups = Groups()
        self.orders: dict[Hashable, WorkingOrder] = {}
        # By account, what can only reduce: it ends with the position.
        self.exits: dict[Hashable, dict[Hashable, WorkingOrder]] = {}
        self.released: list[WorkingOrder] = []
        self.reports: list[ExecutionReport] = []
        self.sequence = 0
        self.now = 0

    def next_sequence(self) -> int:
        """The next arrival number."""
        self.sequence += 1
        return self.sequence

    def register(self, order: WorkingOrder) -> None:
        """Add an order; it is in no queue yet."""
        assert order.id not in self.orders
        self.orders[order.id] = order
        self.note_exit(order)
        self.groups.add(order)

    def note_exit(self, order: WorkingOrder) -> None:
        """Note an order that can only reduce a position: also every sell of an account that may not go short."""
        account = order.terms.account
        if not order.is_buy and not self.holdings.get(account).may_short:
            order.closes = True
        if order.closes:
            self.exits.setdefault(account, {})[order.id] = order

    def requeue(self, order: WorkingOrder) -> None:
        """Move an open order to the queues of its present state."""
        self.queues.remove(order)
        self.queues.place(order)

    # ------------------------------------------------------------------ beginnings

    def accept(self, order: WorkingOrder) -> None:
        """Accept the order: it works from now on."""
        if self.custody is not None:
            self.custody.accept(order)
            return
        order.status = OrderStatus.NEW
        self.report_accepted(order)

    def report_accepted(
        self, order: WorkingOrder, *, by_engine: bool = False, venue_order_id: str | None = None
    ) -> None:
        """Report that the order works on its present terms."""
        self.reports.append(
            Accepted(
                order_id=order.id,
                at=self.now,
                status=order.status,
                sequence=order.sequence,
                quantity=order.quantity,
                limit_price=order.limit,
                stop_price=order.stop,
                activated=order.activated,
                by_engine=by_engine,
                venue_order_id=venue_order_id,
            )
        )

    def reject(self, order: WorkingOrder, reason: RejectReason, message: str) -> None:
        """Reject the order, with the exits of an entry, and an OCO's leg that has not arrived yet."""
        self._reject_alone(order, reason, message)
        if order.terms.contingency not in (Contingency.OCO, Contingency.OTO):
            return
        for other in self.groups.others(order):
            if other.status in (OrderStatus.HELD, OrderStatus.PENDING_NEW):
                self._reject_alone(other, *refusals.refused_with_group())
            elif order.terms.contingency is Contingency.OCO:
                self.cancel_alone(other, CancelReason.GROUP)

    def reject_post_only(self, order: WorkingOrder) -> None:
        """Reject a post-only order that would take."""
        self.reject(order, *refusals.would_take(order.limit))

    def _reject_alone(self, order: WorkingOrder, reason: RejectReason, message: str) -> None:
        if self.custody is None:
            self.reject_here(order, reason, message)
        else:
            self.custody.reject_alone(order, reason, message)

    def reject_here(self, order: WorkingOrder, reason: RejectReason, message: str) -> None:
        """Reject an order that is here."""
        self.end(order, OrderStatus.REJECTED)
        self.reports.append(
            Rejected(order_id=order.id, at=self.now, status=order.status, reason=reason, message=message)
        )

    # ------------------------------------------------------------------ executions

    def fill(self, order: WorkingOrder, taken: list[Level], liquidity: Liquidity) -> None:
        """Book executions in the given order; together they are at most the remaining quantity."""
        before = order.filled
        for index, (price, quantity) in enumerate(taken, start=1):
            self._fill_once(order, price, quantity, liquidity, last=index == len(taken))
            if order.terms.contingency is Contingency.OUO:
                self._feed_other_exit(order)
        if not order.remaining:
            self.end(order, OrderStatus.FILLED)
        if order.terms.contingency is Contingency.OTO:
            self.feed_exits(order, order.filled - before)
        elif order.terms.contingency is Contingency.OCO and order.filled != before:
            self.cancel_others(order)
        elif order.terms.contingency is Contingency.OUO and order.status is OrderStatus.FILLED:
            # Nothing is left to protect or to take profit on, and what the entry might still fill would have no exit.
            self.cancel_others(order)
        if order.filled != before:
            self.end_exits(order.terms.account)

    def _fill_once(
        self, order: WorkingOrder, price: Decimal, quantity: Decimal, liquidity: Liquidity, *, last: bool
    ) -> None:
        order.filled += quantity
        order.fills += 1
        remaining = order.quantity - order.filled
        assert remaining >= ZERO
        order.status = OrderStatus.PARTIALLY_FILLED if remaining else OrderStatus.FILLED
        self.holdings.fill(order.terms.account, order.side, quantity, closes=order.closes)
        self.reports.append(
            Filled(
                order_id=order.id,
                at=self.now,
                status=order.status,
                price=price,
                quantity=quantity,
                liquidity=liquidity,
                number=order.fills,
                filled_quantity=order.filled,
                remaining=remaining,
                last_in_event=last,
            )
        )

    def _feed_other_exit(self, order: WorkingOrder) -> None:
        if not order.remaining:
            return
        for other in self.groups.exits(order):
            if other.remaining > order.remaining:
                self.restate(other, RestateReason.EXIT_FILLED, quantity=other.filled + order.remaining)

    def feed_exits(self, entry: WorkingOrder, quantity: Decimal) -> None:
        """Give exits the entry's filled quantity: the first fill releases them, later ones make them grow."""
        if not quantity:
            return
        for child in self.groups.exits(entry):
            if child.status is OrderStatus.HELD:
                child.status = OrderStatus.PENDING_NEW
                child.quantity = entry.filled
                self.released.append(child)
                self.reports.append(
                    Released(order_id=child.id, at=self.now, status=child.status, quantity=child.quantity)
                )
            else:
                self.restate(child, RestateReason.ENTRY_FILLED, quantity=child.quantity + quantity)

    def restate(
        self,
        order: WorkingOrder,
        reason: RestateReason,
        *,
        quantity: Decimal | None = None,
        limit: Decimal | None = None,
    ) -> None:
        """Change an order unasked."""
        if self.custody is None:
            self.restate_here(order, reason, quantity=quantity, limit=limit)
        else:
            self.custody.restate(order, reason, quantity=quantity, limit=limit)

    def restate_here(
        self,
        order: WorkingOrder,
        reason: RestateReason,
        *,
        quantity: Decimal | None = None,
        limit: Decimal | None = None,
    ) -> None:
        """Change an order that is here unasked. A new limit moves it to another queue."""
        if quantity is not None:
            order.quantity = quantity
        if limit is not None:
            order.limit = limit
            self.requeue(order)
        self.report_restated(order, reason)

    def report_restated(self, order: WorkingOrder, reason: RestateReason, message: str | None = None) -> None:
        """Report that the order has its present terms without a request for them."""
        self.reports.append(
            Restated(
                order_id=order.id,
                at=self.now,
                status=order.status,
                quantity=order.quantity,
                limit_price=order.limit,
                stop_price=order.stop,
                reason=reason,
                message=message,
            )
        )

    def reducible(self, order: WorkingOrder) -> Decimal:
        """The quantity by which the order could reduce its account's position now."""
        return self.holdings.get(order.terms.account).reducible(order.side)

    # ------------------------------------------------------------------ endings

    def end_exits(self, account: Hashable) -> None:
        """Cancel reduce-only orders with no position to reduce, so that they never meet a later position.

        Exits that wait for their entry stay: they are for its position.
        """
        for order in list(self.exits.get(account, {}).values()):
            if order.status in _WORKING and self.reducible(order) <= ZERO:
                self.cancel(order, CancelReason.REDUCE_ONLY)
        if self.custody is not None:
            self.custody.exits_ended(account)

    def complete(self, order: WorkingOrder) -> None:
        """End an order that a replace left without remaining quantity; an exit ends its bracket too."""
        self.end(order, OrderStatus.FILLED)

    def cancel(self, order: WorkingOrder, reason: CancelReason) -> None:
        """Cancel the rest of an order, with an OCO's other leg and exits that wait for their entry.

        Working exits survive their entry: the position that it opened keeps its protection.
        """
        if self.custody is None:
            self.cancel_here(order, reason)
        else:
            self.custody.cancel(order, reason)

    def cancel_here(self, order: WorkingOrder, reason: CancelReason) -> None:
        """Cancel an order that is here, with the effects on its group."""
        self.cancel_alone(order, reason)
        self.carry_end(order, reason)

    def expire(self, order: WorkingOrder) -> None:
        """Expire the order; its group ends as with a cancel."""
        if self.custody is None:
            self.expire_here(order)
        else:
            self.custody.expire(order)

    def expire_here(self, order: WorkingOrder) -> None:
        """Expire an order that is here."""
        self.end(order, OrderStatus.EXPIRED)
        self.reports.append(Expired(order_id=order.id, at=self.now, status=order.status))
        self.carry_end(order, None)

    def carry_end(self, order: WorkingOrder, reason: CancelReason | None) -> None:
        """Apply the end of an order to its group."""
        contingency = order.terms.contingency
        if contingency is Contingency.OCO:
            self.cancel_others(order)
        elif contingency is Contingency.OTO:
            for child in self.groups.exits(order):
                if child.status is OrderStatus.HELD:
                    self.cancel_alone(child, CancelReason.GROUP)
        elif contingency is Contingency.OUO and reason is CancelReason.REDUCE_ONLY:
            # The position was closed otherwise: what the entry might still fill would have no exit.
            self.cancel_others(order)

    def cancel_others(self, order: WorkingOrder) -> None:
        """Cancel the other orders of the group."""
        # Alone: what is cancelled for the group's sake must not turn on the order that went on.
        for other in self.groups.others(order):
            self.cancel_alone(other, CancelReason.GROUP)

    def cancel_alone(self, order: WorkingOrder, reason: CancelReason) -> None:
        """Cancel an order without effects on its group."""
        if self.custody is None:
            self.cancel_alone_here(order, reason)
        else:
            self.custody.cancel_alone(order, reason)

    def cancel_alone_here(self, order: WorkingOrder, reason: CancelReason) -> None:
        """Cancel an order that is here without effects on its group."""
        self.end(order, OrderStatus.CANCELED)
        self.reports.append(Canceled(order_id=order.id, at=self.now, status=order.status, reason=reason))

    def end(self, order: WorkingOrder, status: OrderStatus) -> None:
        """Remove an ended order from the book."""
        order.status = status
        self.queues.remove(order)
        self.groups.remove(order)
        del self.orders[order.id]
        self._forget_exit(order)
        if self.custody is not None:
            self.custody.ended(order)

    def _forget_exit(self, order: WorkingOrder) -> None:
        mine = self.exits.get(order.terms.account)
        if mine is None:
            return
        mine.pop(order.id, None)
        if not mine:
            del self.exits[order.terms.account]
