"""Booking of a venue's execution reports, pure: applied to loaded and locked orders, positions and accounts.

Every report has its effect once: an execution that is booked already is skipped. A fill is a fact and is always booked,
also when it comes late, after CANCELED or EXPIRED, or beyond the order's quantity; the status then stays.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.accounts.events import record
from domain.market.rates import RateOf, no_rate
from domain.market.types import Instrument
from domain.orders.books.charges import average_fill, charge, execution_of, foreign_fee
from domain.orders.books.report_effects import HANDLERS, part_of
from domain.orders.deciding.reservations import EXCLUSIVE, alternatives, replace_reservations, reserve_orders
from domain.orders.deciding.state import CLOSED, TRANSITIONS, move
from domain.orders.deciding.trading_book import TradingBook
from domain.orders.exchange import execution_reports
from domain.orders.model.events import order_parts
from domain.orders.model.order import Execution, Order
from domain.orders.model.types import (
    OrderEventKind,
    OrderStatus,
    PendingAction,
    PositionEffect,
    Side,
)
from domain.positions.fills import book_fill
from domain.positions.types import PositionBook

# What a venue answers to a command without the order being another than the one that was asked for.
_ACKNOWLEDGEMENTS = (
    execution_reports.Accepted,
    execution_reports.Replaced,
    execution_reports.ReplaceRejected,
    execution_reports.CancelRejected,
    execution_reports.TrailMoved,
)


@dataclass(slots=True)
class ReportBooking:
    """The books of one transaction, and the changes that reports make to them.

    ``rate_of`` gives the newest rate between two currencies. Without one, the rate at the order's acceptance is used,
    because a fill must be booked.
    """

    orders: dict[UUID, Order]
    books: dict[UUID, TradingBook]
    instruments: Mapping[UUID, Instrument]
    booked: set[tuple[UUID, str]]
    now: datetime
    rate_of: RateOf = no_rate
    executions: list[Execution] = field(default_factory=list)
    changed: dict[UUID, Order] = field(default_factory=dict)
    ignored: list[execution_reports.ExecutionReport] = field(default_factory=list)
    # New orders: the parts of sliced ones.
    created: list[Order] = field(default_factory=list)
    # Accounts of which more changed than that the venue has taken an order as it was placed.
    _moved: set[UUID] = field(default_factory=set)
    _groups: dict[UUID | None, list[Order]] = field(default_factory=dict)

    @property
    def acknowledged(self) -> set[UUID]:
        """Accounts for which venues only acknowledged orders."""
        return self.books.keys() - self._moved

    def apply(self, batch: Sequence[execution_reports.ExecutionReport]) -> None:
        """Apply reports, in their order."""
        for order in self.orders.values():
            if order.contingency in EXCLUSIVE:
                self._groups.setdefault(order.group_id, []).append(order)
        for report in batch:
            order = self.orders.get(report.order_id)  # type: ignore[call-overload]  # ids of our venues are UUIDs
            if order is None:
                self.ignored.append(report)
                continue
            self._apply(order, report)

    def _apply(self, order: Order, report: execution_reports.ExecutionReport) -> None:
        if isinstance(report, execution_reports.Filled):
            self._fill(order, report)
            return
        if isinstance(report, execution_reports.Held) or (
            isinstance(report, execution_reports.CancelRejected) and order.status is OrderStatus.CANCELED
        ):
            # Placing has said that it is held; and who wanted it cancelled has what was wanted.
            return
        if _repeated(order, report):
            self.ignored.append(report)
            return
        before, status = _reserved_by(order), order.status
        kind, detail = HANDLERS[type(report)](order, report, self.now)
        reserves_as_before = _reserved_by(order) == before
        if not reserves_as_before:
            self._reserve_again(order)
        if not (
            reserves_as_before and isinstance(report, execution_reports.Accepted) and status is OrderStatus.PENDING_NEW
        ):
            self._moved.add(order.account_id)
        if not isinstance(report, _ACKNOWLEDGEMENTS):
            order.version += 1
        self._record(order, kind, detail=detail)
        if isinstance(report, execution_reports.Sliced):
            self._create_parts(order, report)

    def _create_parts(self, order: Order, report: execution_reports.Sliced) -> None:
        for part_id, quantity in report.parts:
            assert isinstance(part_id, UUID)
            part = self.orders[part_id] = part_of(order, part_id, quantity, self.now)
            book = self.books[order.account_id]
            reserve_orders(book.account, self.instruments[order.instrument_id], book.legs((part,)))
            self._record(part, OrderEventKind.PENDING_NEW, detail={"slicedFrom": str(order.id)})
            del self.changed[part_id]
            self.created.append(part)

    def _fill(self, order: Order, report: execution_reports.Filled) -> None:
        execution_key = report.execution_id or f"{order.id}-{report.number}"
        if (order.id, execution_key) in self.booked:
            self.ignored.append(report)
            return
        self.booked.add((order.id, execution_key))
        self._moved.add(order.account_id)
        instrument, book = self.instruments[order.instrument_id], self.books[order.account_id]
        execution = execution_of(order, report, execution_key, book.account, instrument, self.rate_of, self.now)
        position = self._position(order)
        execution.realized_pnl = book_fill(
            position,
            instrument,
            currency=book.account.currency,
            buys=order.side is Side.BUY,
            quantity=report.quantity,
            price=report.price,
            now=self.now,
            today_first=order.position_effect is PositionEffect.CLOSE_TODAY,
            rate=execution.fx_rate,
            withheld=execution.withheld,
        )
        charge(book.account, order, execution, instrument, self.now)
        position.fees_paid += execution.fee + execution.tax
        order.execution_count += 1
        order.filled_quantity += report.quantity
        order.filled_value += report.quantity / report.price if instrument.inverse else report.quantity * report.price
        order.average_price = average_fill(order, instrument)
        order.fees += execution.fee + execution.tax
        if order.status not in CLOSED:
            # The venue may have it for more than is filled, and say so next.
            done = order.filled_quantity >= order.quantity and report.status is OrderStatus.FILLED
            move(order, OrderStatus.FILLED if done else OrderStatus.PARTIALLY_FILLED, self.now)
        order.updated_at = self.now
        order.version += 1
        self._reserve_again(order)
        self.executions.append(execution)
        self._record(
            order, OrderEventKind.TRADE, execution=execution, detail=foreign_fee(report, book.account.currency)
        )

    def _position(self, order: Order) -> PositionBook:
        book = self.books[order.account_id]
        return book.position_for(order, order.instrument_id)

    def _reserve_again(self, order: Order) -> None:
        """Replace the reservations of the order, and of the orders that it excludes."""
        book, instrument = self.books[order.account_id], self.instruments[order.instrument_id]
        if order.contingency not in EXCLUSIVE:
            replace_reservations(book.account, instrument, book.legs((order,)))
            return
        legs = alternatives(order, self._groups.get(order.group_id, ()))
        before = [(leg.reserved_quantity, leg.reserved_margin, leg.reserved_fee) for leg in legs]
        replace_reservations(book.account, instrument, book.legs(legs))
        for leg, held in zip(legs, before, strict=True):
            if (leg.reserved_quantity, leg.reserved_margin, leg.reserved_fee) != held:
                self.changed[leg.id] = leg

    def _record(
        self,
        order: Order,
        kind: OrderEventKind,
        *,
        execution: Execution | None = None,
        detail: dict[str, Any] | None = None,
    ) -> None:
        self.changed[order.id] = order
        parts = order_parts(order, execution=execution, position=self._position(order), detail=detail)
        record(self.books[order.account_id].account, kind, self.now, parts, order.id)


def _repeated(order: Order, report: execution_reports.ExecutionReport) -> bool:
    """True if a report was booked before, or comes too late to change the order."""
    if isinstance(report, execution_reports.CancelRejected):
        return order.is_open and order.pending_action is not PendingAction.CANCEL
    if isinstance(report, execution_reports.ReplaceRejected):
        return order.is_open and not order.pending_changes
    assert isinstance(report, execution_reports.Change)
    if report.status is not order.status:
        return report.status not in TRANSITIONS[order.status]
    return (
        not order.is_open
        or (isinstance(report, execution_reports.Accepted) and not _is_handed_over(order, report))
        or (isinstance(report, execution_reports.Triggered) and order.triggered_at is not None)
    )


def _is_handed_over(order: Order, report: execution_reports.Accepted) -> bool:
    """True if the venue acknowledges an order that the engine has held for it until now."""
    return order.venue_order_id is None and not report.by_engine


def _reserved_by(order: Order) -> tuple[object, ...]:
    """The values that determine the reservation of an order."""
    return (
        order.quantity,
        order.reserve_price,
        order.status is OrderStatus.HELD,
        order.is_open,
        len(order.pending_changes),
    )
