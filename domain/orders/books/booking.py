"""Booking of a venue's execution reports, pure: applied to loaded and locked orders, positions and accounts.

Every report has its effect once: an execution that is booked already is skipped. A fill is a fact and is always booked,
also when it comes late, after CANCELED or EXPIRED, or beyond the order's quantity; the status then stays.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from domain.market.rates import RateOf, no_rate
from domain.market.types import Instrument
from domain.orders.books.executions import book_execution
from domain.orders.books.report_effects import Effect, apply_report, is_repeated, takes_effect
from domain.orders.deciding.reservations import replace_reservations
from domain.orders.deciding.trading_book import EXCLUSIVE, TradingBook, alternatives
from domain.orders.exchange.execution_reports import ExecutionReport, Filled
from domain.orders.model.events import record_order
from domain.orders.model.order import Execution, Order
from domain.orders.model.types import OrderEventKind


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
    ignored: list[ExecutionReport] = field(default_factory=list)
    # New orders: the parts of sliced ones.
    created: list[Order] = field(default_factory=list)
    # Accounts for which more than acknowledgements was booked.
    _booked_more: set[UUID] = field(default_factory=set)
    _groups: dict[UUID | None, list[Order]] = field(default_factory=dict)

    @property
    def acknowledged(self) -> set[UUID]:
        """Accounts for which venues only took orders as they were placed."""
        return self.books.keys() - self._booked_more

    def apply(self, batch: Sequence[ExecutionReport]) -> None:
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

    def _apply(self, order: Order, report: ExecutionReport) -> None:
        book, instrument = self.books[order.account_id], self.instruments[order.instrument_id]
        if isinstance(report, Filled):
            key = report.execution_id or f"{order.id}-{report.number}"
            if (order.id, key) in self.booked:
                self.ignored.append(report)
                return
            self.booked.add((order.id, key))
            leg = book.leg(order)
            execution = book_execution(leg, report, key, book.account, instrument, self.rate_of, self.now)
            self.executions.append(execution)
            effect = Effect(OrderEventKind.TRADE, execution.venue_charge, execution)
        elif not takes_effect(order, report):
            return
        elif is_repeated(order, report):
            self.ignored.append(report)
            return
        else:
            effect = apply_report(order, report, self.now)
        self._keep(order, effect)

    def _keep(self, order: Order, effect: Effect) -> None:
        """Reserve what the order needs now, and record its event, and those of its parts."""
        book, instrument = self.books[order.account_id], self.instruments[order.instrument_id]
        reserving = [alternatives(order, self._groups.get(order.group_id, ()))] if effect.reserves else []
        for orders in (*reserving, *([part] for part in effect.parts)):
            changed = replace_reservations(book.account, instrument, book.legs(orders))
            self.changed |= {leg.id: leg for leg in changed}
        if not effect.acknowledges:
            self._booked_more.add(order.account_id)
        sliced = {"slicedFrom": str(order.id)}
        events = [(effect.kind, order, effect.detail)]
        events += [(OrderEventKind.PENDING_NEW, part, sliced) for part in effect.parts]
        for kind, one, detail in events:
            # An acknowledgement moves no position, so its event leaves it out.
            position = None if effect.acknowledges else book.leg(one).position
            record_order(
                book.account, kind, self.now, one, execution=effect.execution, position=position, detail=detail
            )
        for part in effect.parts:
            self.orders[part.id] = part
            self.changed.pop(part.id, None)
            self.created.append(part)
        self.changed[order.id] = order
