"""Booking of imported lines, pure: by the rules of live executions, in the order of the file.

An order consists of the executions that name it; it is filled when the last of them is booked. Money, positions and
realised PnL follow from the same functions that book the reports of venues.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain.access.attribution import Attribution
from domain.accounts import events
from domain.accounts.rules import post
from domain.accounts.types import AccountBook, PositionMode
from domain.kernel.ids import new_id
from domain.kernel.money import to_cash
from domain.kernel.numbers import ONE, ZERO, plain
from domain.market.rates import base_currency
from domain.market.types import Instrument
from domain.orders.books.executions import book_execution
from domain.orders.deciding.state import UNTOUCHED
from domain.orders.deciding.trading_book import Leg
from domain.orders.exchange.execution_reports import Filled
from domain.orders.model.events import record_order
from domain.orders.model.order import Execution, Order, OrderTerms, terms_of
from domain.orders.model.types import (
    CLOSING,
    Contingency,
    OrderEventKind,
    OrderStatus,
    OrderType,
    PositionEffect,
    Side,
    TimeInForce,
)
from domain.positions.lookup import bucket_for
from domain.positions.rules import ClosesTooMuch
from domain.positions.types import PositionBook, PositionKey
from domain.system.imports.lines import BadLine, CashLine, ExecutionLine, HistoryLine

# The digest of imported orders: no request has it.
IMPORTED = b"imported"


@dataclass(slots=True)
class OrderPlan:
    """The orders of a file: the whole quantity of each, and the terms that its executions share."""

    quantities: dict[str, Decimal] = field(default_factory=dict)
    _terms: dict[str, tuple[object, ...]] = field(default_factory=dict)

    def add(self, line: HistoryLine) -> None:
        """Count an execution to its order.

        Raises:
            BadLine: it cannot be of the same order as an earlier line.
        """
        if isinstance(line, ExecutionLine):
            if self._terms.setdefault(line.order, line.order_terms) != line.order_terms:
                raise BadLine(
                    line.number,
                    "order",
                    "an order has one symbol, side, positionEffect and strategy: an earlier line differs.",
                )
            self.quantities[line.order] = self.quantities.get(line.order, ZERO) + line.quantity


@dataclass(slots=True)
class HistoryBooking:
    """The books of one account while a file is booked into them; ``instruments`` are by symbol.

    What is made and changed gathers in the lists until ``written`` empties them.
    """

    account: AccountBook
    instruments: Mapping[str, Instrument]
    quantities: Mapping[str, Decimal]
    author: Attribution
    now: datetime
    positions: dict[PositionKey, PositionBook] = field(default_factory=dict)
    created: dict[str, Order] = field(default_factory=dict)
    changed: dict[str, Order] = field(default_factory=dict)
    executions: list[Execution] = field(default_factory=list)
    # Orders that have executions to come.
    unfinished: dict[str, Order] = field(default_factory=dict)

    def book(self, line: HistoryLine) -> None:
        """Book one line.

        Raises:
            BadLine: the account cannot have it.
        """
        if isinstance(line, CashLine):
            self._move_cash(line)
        else:
            self._execute(line)
        if self.account.is_cash and self.account.cash < ZERO:
            column = "amount" if isinstance(line, CashLine) else "price"
            raise BadLine(line.number, column, f"it would leave {plain(self.account.cash)} in a CASH account.")

    def written(self) -> None:
        """Clear the lists of written rows."""
        self.account.transactions.clear()
        self.account.events.clear()
        self.created.clear()
        self.changed.clear()
        self.executions.clear()
        for position in self.positions.values():
            position.changed = False

    def _move_cash(self, line: CashLine) -> None:
        currency = self.account.currency
        if to_cash(line.amount, currency) != line.amount:
            raise BadLine(line.number, "amount", f"{currency} has no smaller unit: the amount would be rounded.")
        row = post(
            self.account,
            line.kind,
            line.amount,
            line.at.to_datetime(),
            self.author.by,
            reference=line.reference,
            note=line.note,
        )
        assert row is not None, "amounts of zero are refused"
        parts = {"transaction": {"id": str(row.id), "kind": row.kind.value, "amount": plain(row.amount)}}
        events.record(self.account, events.CASH_IMPORTED, self.now, parts)

    def _execute(self, line: ExecutionLine) -> None:
        instrument = self._instrument(line)
        order = self._order(line, instrument)
        position = self._position(line, instrument)
        booked_at = line.booked_at.to_datetime()
        try:
            execution = book_execution(
                Leg(order, position),
                self._report(line, order),
                line.reference,
                self.account,
                instrument,
                lambda _of, _to: line.fx_rate,
                booked_at,
                tax=line.tax,
            )
        except ClosesTooMuch as error:
            raise BadLine(line.number, "quantity", "it closes more than there is.") from error
        if booked_at < self.account.rolled_at:
            position.today_quantity = ZERO
        if line.realized_pnl is not None and line.realized_pnl != execution.realized_pnl:
            raise BadLine(line.number, "realizedPnl", f"the books make it {plain(execution.realized_pnl)}.")
        if self.account.is_cash and position.quantity < ZERO:
            raise BadLine(line.number, "quantity", "a CASH account sells no more than it holds.")
        self.executions.append(execution)
        if order.status is OrderStatus.FILLED:
            self.unfinished.pop(line.order, None)
        record_order(
            self.account,
            OrderEventKind.TRADE_IMPORTED,
            self.now,
            order,
            execution=execution,
            position=position,
            by=self.author.by,
        )

    def _instrument(self, line: ExecutionLine) -> Instrument:
        """The instrument of an execution, whose terms allow it."""
        account, found = self.account, self.instruments.get(line.symbol)
        if found is None:
            raise BadLine(line.number, "symbol", f"there is no instrument {line.symbol!r}.")
        if account.is_cash and found.asset_class.is_derivative:
            raise BadLine(line.number, "symbol", "a CASH account trades no derivatives.")
        if line.price <= ZERO and not found.allows_negative_prices:
            raise BadLine(line.number, "price", "prices of this instrument are above zero.")
        if found.currency == account.currency:
            if line.fx_rate not in (None, ONE):
                raise BadLine(line.number, "fxRate", f"the instrument is in {account.currency}, as the account is.")
        elif line.fx_rate is None:
            raise BadLine(
                line.number, "fxRate", f"give the rate: one {found.currency} in {account.currency} at that time."
            )
        payable = (None, account.currency, found.currency, None if found.inverse else base_currency(found))
        if line.fee_currency not in payable:
            raise BadLine(line.number, "feeCurrency", f"convert this fee: give it in {account.currency}.")
        return found

    def _order(self, line: ExecutionLine, instrument: Instrument) -> Order:
        order = self.unfinished.get(line.order)
        if order is None:
            order = _new_order(line, instrument, self.account, self.quantities[line.order], self.author)
            self.unfinished[line.order] = self.created[line.order] = order
        elif line.order not in self.created:
            self.changed[line.order] = order
        return order

    def _position(self, line: ExecutionLine, instrument: Instrument) -> PositionBook:
        closes = line.position_effect in CLOSING
        bucket = bucket_for(self.account.position_mode, buys=line.side is Side.BUY, closes=closes)
        key = (instrument.id, bucket)
        found = self.positions.get(key)
        if found is None:
            found = self.positions[key] = PositionBook(new_id(), self.account.id, *key)
        return found

    def _report(self, line: ExecutionLine, order: Order) -> Filled:
        filled = order.filled_quantity + line.quantity
        return Filled(
            order_id=order.id,
            at=line.at,
            status=OrderStatus.FILLED if filled == order.quantity else OrderStatus.PARTIALLY_FILLED,
            price=line.price,
            quantity=line.quantity,
            liquidity=line.liquidity,
            number=order.execution_count + 1,
            filled_quantity=filled,
            remaining=order.quantity - filled,
            last_in_event=True,
            execution_id=line.reference,
            fee=line.fee,
            fee_currency=line.fee_currency,
        )


def _new_order(
    line: ExecutionLine, instrument: Instrument, account: AccountBook, quantity: Decimal, author: Attribution
) -> Order:
    """The order of imported executions: a market order that its venue took at its first execution."""
    effect = line.position_effect
    if account.position_mode is PositionMode.HEDGING and effect is PositionEffect.AUTO:
        effect = PositionEffect.OPEN
    at = line.booked_at.to_datetime()
    given: OrderTerms[datetime] = OrderTerms(
        side=line.side,
        type=OrderType.MARKET,
        quantity=quantity,
        time_in_force=TimeInForce.IOC,
        position_effect=effect,
    )
    placed: dict[str, Any] = {"placed_by": author.by, "placed_key": author.key_id}
    placed |= {"placed_from": author.address, "request_id": author.request_id}
    return Order(
        id=new_id(),
        account_id=account.id,
        instrument_id=instrument.id,
        client_order_id=line.order,
        request_digest=IMPORTED,
        venue=account.venue,
        works_until=None,
        status=OrderStatus.NEW,
        reserved=ZERO,
        reserved_margin=ZERO,
        reserved_fee=ZERO,
        reserve_price=None,
        arrival_price=None,
        strategy=line.strategy,
        tags=[],
        contingency=Contingency.NONE,
        parent_id=None,
        group_id=None,
        violations=(),
        created_at=at,
        updated_at=at,
        reserved_quantity=ZERO,
        reserve_rate=line.fx_rate or ONE,
        symbol=instrument.symbol,
        **{**UNTOUCHED, **placed},
        **(terms_of(given) | {"trailing_offset_kind": None}),
    )


def first_unfinished(booking: HistoryBooking) -> UUID | None:
    """An order of which an execution is missing; None for none."""
    return next((order.id for order in booking.unfinished.values()), None)
