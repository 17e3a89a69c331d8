"""Booking of a venue's execution reports, pure: applied to loaded and locked orders, positions and accounts.

Every report has its effect once: an execution that is booked already is skipped. A fill is a fact and is always booked,
also when it comes late, after CANCELED or EXPIRED, or beyond the order's quantity; the status then stays.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain.accounts.events import record
from domain.accounts.fees import execution_fee, execution_tax, posted
from domain.accounts.rules import post
from domain.accounts.types import PositionMode, TransactionKind
from domain.kernel.ids import new_id
from domain.kernel.numbers import ONE, ZERO, to_exact
from domain.kernel.time import Nanos
from domain.market.rates import RateOf, no_rate
from domain.market.types import Instrument
from domain.orders.books.charges import average_fill, dues_of
from domain.orders.books.report_effects import HANDLERS, part_of
from domain.orders.deciding.reservations import EXCLUSIVE, alternatives, bucket_of, reserve_orders, unreserve_orders
from domain.orders.deciding.state import CLOSED, TRANSITIONS, move
from domain.orders.deciding.trading_book import TradingBook
from domain.orders.exchange import execution_reports
from domain.orders.model.events import order_parts
from domain.orders.model.order import Execution, Order
from domain.orders.model.types import (
    Liquidity,
    OrderEventKind,
    OrderStatus,
    PendingAction,
    PositionEffect,
    Side,
)
from domain.orders.venues.fees import charged_fee, foreign_fee, withheld
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
            reserve_orders(self.books[order.account_id], self.instruments[order.instrument_id], (part,))
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
        execution = self._execution(order, report, instrument, execution_key)
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
        self._charge(book, order, execution, instrument)
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

    def _execution(self, order: Order, report: execution_reports.Filled, instrument: Instrument, key: str) -> Execution:
        currency = self.books[order.account_id].account.currency
        rate = self._rate(order, instrument, currency)
        fee = charged_fee(report, instrument, currency, rate, self.rate_of)
        own = fee is None
        if fee is None:
            is_maker = report.liquidity is Liquidity.MAKER
            fee = rate * execution_fee(instrument, quantity=report.quantity, price=report.price, maker=is_maker)
        tax = execution_tax(instrument, quantity=report.quantity, price=report.price, sells=order.side is Side.SELL)
        is_foreign = report.fee is not None and report.fee_currency not in (None, currency)
        is_netting = self.books[order.account_id].account.position_mode is PositionMode.NETTING
        return Execution(
            id=new_id(),
            order_id=order.id,
            account_id=order.account_id,
            instrument_id=order.instrument_id,
            venue_execution_id=key,
            sequence=self.books[order.account_id].account.event_sequence + 1,
            side=order.side,
            position_effect=order.position_effect,
            price=report.price,
            quantity=report.quantity,
            fee=ZERO,
            tax=ZERO,
            realized_pnl=ZERO,
            liquidity=report.liquidity,
            at=Nanos(report.at),
            busted_at=None,
            corrected_by=None,
            created_at=self.now,
            symbol=order.symbol,
            fx_rate=rate,
            fee_due=to_exact(fee),
            fee_minimum=instrument.fees.minimum * rate if own else ZERO,
            tax_due=to_exact(tax * rate),
            withheld=withheld(report, instrument, currency) if is_netting and not own else ZERO,
            venue_fee=report.fee if is_foreign else None,
            venue_fee_currency=report.fee_currency if is_foreign else None,
        )

    def _rate(self, order: Order, instrument: Instrument, currency: str) -> Decimal:
        if instrument.currency == currency:
            return ONE
        return self.rate_of(instrument.currency, currency) or order.reserve_rate

    def _charge(self, book: TradingBook, order: Order, execution: Execution, instrument: Instrument) -> None:
        """Post the cash: a derivative's realised PnL, or a spot trade's notional; then fee and tax.

        Each is the execution's addition to its order's rounded totals.
        """
        account = book.account
        before = posted(order.dues, account.currency)
        order.owe(order.dues.plus(dues_of(execution, instrument, account.currency)))
        added = posted(order.dues, account.currency).minus(before)
        execution.fee, execution.tax = added.fee, added.tax
        if instrument.asset_class.is_derivative:
            moves = [(TransactionKind.REALIZED_PNL, execution.realized_pnl)]
        else:
            moves = [(TransactionKind.TRADE, added.trade)]
        moves += [(TransactionKind.FEE, -added.fee), (TransactionKind.TAX, -added.tax)]
        for kind, amount in moves:
            post(
                account, kind, amount, self.now, order.placed_by, order_id=execution.order_id, execution_id=execution.id
            )
        account.realized_pnl += execution.realized_pnl
        account.fees_paid += added.costs

    def _position(self, order: Order) -> PositionBook:
        book = self.books[order.account_id]
        return book.position(order.instrument_id, bucket_of(order, book.account.position_mode))

    def _reserve_again(self, order: Order) -> None:
        """Replace the reservations of the order, and of the orders that it excludes."""
        book, instrument = self.books[order.account_id], self.instruments[order.instrument_id]
        if order.contingency not in EXCLUSIVE:
            unreserve_orders(book, (order,))
            reserve_orders(book, instrument, (order,))
            return
        legs = alternatives(order, self._groups.get(order.group_id, ()))
        before = [(leg.reserved_quantity, leg.reserved_margin, leg.reserved_fee) for leg in legs]
        unreserve_orders(book, legs)
        reserve_orders(book, instrument, legs)
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
