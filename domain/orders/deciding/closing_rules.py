"""Orders that close positions, pure: planned from the account's positions and their closable quantities.

Each order is reduce-only, so working orders that close the same position do not block it: the exchange cuts later ones
to the remaining position. Unsettled units are not closed, nor units frozen by hand by the actor's role or a higher one;
holds of lower roles are released.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID

from domain.access.types import Role
from domain.accounts.types import AccountState, PositionMode
from domain.kernel.errors import BadInput, Refused
from domain.kernel.numbers import ZERO, plain, within_bounds
from domain.kernel.text import clean_text
from domain.market.types import Instrument
from domain.orders.deciding.trading_book import TradingBook
from domain.orders.model.commands import CloseAllPositions, ClosePosition, Closing, PlaceOrder
from domain.orders.model.order_validation import MAX_CLIENT_ORDER_ID_LENGTH
from domain.orders.model.types import OrderType, PositionEffect, Side
from domain.positions.closable import closable_by_exit
from domain.positions.holds import Holds
from domain.positions.lookup import find_position
from domain.positions.types import PositionBook

Instruments = Mapping[UUID, Instrument]


def check_closing(command: Closing) -> None:
    """Refuse a malformed request to close.

    Raises:
        BadInput: names the field.
    """
    if isinstance(command, CloseAllPositions):
        return
    for name, value in (("quantity", command.quantity), ("limitPrice", command.limit_price)):
        if value is not None and not within_bounds(value):
            raise BadInput("A number has at most 18 digits before and 18 after the decimal point.", field=name)
    if command.quantity is not None and command.quantity <= ZERO:
        raise BadInput("The quantity must be above zero.", field="quantity")
    if command.client_order_id is not None:
        clean_text(command.client_order_id, field="clientOrderId", max_length=MAX_CLIENT_ORDER_ID_LENGTH)


@dataclass(frozen=True, slots=True)
class ClosingPlan:
    """The plan that closes a position: its orders, and the holds that stay while they are placed."""

    position: PositionBook
    orders: list[PlaceOrder]
    holds: Holds

    def thaws_from(self, before: Holds) -> bool:
        """True if the plan releases a hold that was there before."""
        return self.holds != before


def closing_plans(command: Closing, book: TradingBook, instruments: Instruments, role: Role) -> list[ClosingPlan]:
    """The plans for a request to close, pure; none where nothing can be closed and all was asked for.

    ``role`` is the role of the actor.

    Raises:
        BadInput: a LONG and a SHORT are held and no side was named.
        Refused: INSUFFICIENT_POSITION when the quantity is not held or not free, ACCOUNT_NOT_ACTIVE if it is closed.
    """
    if book.account.state is AccountState.CLOSED:
        raise Refused("The account is closed.", reason="ACCOUNT_NOT_ACTIVE")
    if isinstance(command, ClosePosition):
        position, quantity = _wanted(command, book.positions.values(), instruments, role)
        instrument = instruments[position.instrument_id]
        # The paper venue takes an exit of any size; a real one has its own bound.
        largest = instrument.max_quantity if book.venue is not None else None
        return [_plan(command, position, instrument, quantity, largest, book.account.position_mode, role)]
    plans = []
    for position in book.positions.values():
        instrument = instruments[position.instrument_id]
        free = closable_by_role(position, instrument, role)
        if free > ZERO:
            one = ClosePosition(command.account_id, instrument.symbol)
            mode = book.account.position_mode
            plans.append(_plan(one, position, instrument, free, instrument.max_quantity, mode, role))
    return plans


def closable_by_role(position: PositionBook, instrument: Instrument, role: Role) -> Decimal:
    """The quantity of a position that an actor of ``role`` may close by reduce-only orders."""
    return closable_by_exit(replace(position, held_quantity=position.holds.from_rank_of(role)), instrument)


def _wanted(
    command: ClosePosition, positions: Collection[PositionBook], instruments: Instruments, role: Role
) -> tuple[PositionBook, Decimal]:
    """The requested position, and the quantity to close."""
    held = [row for row in positions if instruments[row.instrument_id].symbol == command.symbol]
    position = find_position(held, command.symbol, command.side)
    free = closable_by_role(position, instruments[position.instrument_id], role)
    if free == ZERO or (command.quantity is not None and command.quantity > free):
        frozen = abs(position.quantity) - free
        message = f"{plain(free)} of {command.symbol} can be closed; {plain(frozen)} is frozen or not settled yet."
        raise Refused(message, reason="INSUFFICIENT_POSITION")
    return position, free if command.quantity is None else command.quantity


def _plan(
    command: ClosePosition,
    position: PositionBook,
    instrument: Instrument,
    quantity: Decimal,
    largest: Decimal | None,
    mode: PositionMode,
    role: Role,
) -> ClosingPlan:
    """The orders that close a quantity of a position, none above ``largest``."""
    orders: list[PlaceOrder] = []
    left, largest = quantity, largest or quantity
    while left > ZERO:
        part = replace(command, client_order_id=None) if orders else command
        orders.append(_order(part, position, min(left, largest), mode))
        left -= largest
    gives_way = quantity > closable_by_exit(position, instrument)
    return ClosingPlan(position, orders, position.holds.upheld_by(role) if gives_way else position.holds)


def _order(command: ClosePosition, position: PositionBook, quantity: Decimal, mode: PositionMode) -> PlaceOrder:
    return PlaceOrder(
        account_id=command.account_id,
        symbol=command.symbol,
        side=closing_side(position),
        type=OrderType.MARKET if command.limit_price is None else OrderType.LIMIT,
        quantity=quantity,
        client_order_id=command.client_order_id,
        limit_price=command.limit_price,
        # Of a hedging account, whose legs do not touch each other, CLOSE says it all.
        reduce_only=mode is PositionMode.NETTING,
        position_effect=PositionEffect.CLOSE,
    )


def closing_side(position: PositionBook) -> Side:
    """The side of the orders that close a position."""
    return Side.SELL if position.quantity > ZERO else Side.BUY
