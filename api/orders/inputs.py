"""Inputs about orders."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import strawberry

from api.ids import identified, named
from api.orders.enums import (
    Liquidity,
    OffsetKind,
    OrderSortField,
    OrderStatus,
    OrderType,
    Side,
    SortDirection,
    TimeInForce,
)
from api.orders.terms import OrderTermsInput
from domain.orders.model.commands import (
    CancelOrders,
    ModifyOrder,
    OrderKey,
    OrderLeg,
    PlaceBracket,
    PlaceOco,
    PlaceOrder,
)
from domain.orders.reading.search_queries import ExecutionSearch, OrderSearch, OrderSort


@strawberry.input(description="A new order.")
class PlaceOrderInput(OrderTermsInput):
    """See ``domain.orders.model.commands.PlaceOrder``."""

    account_id: strawberry.ID
    client_order_id: str | None = strawberry.field(
        default=None,
        description="Makes a retry safe: the same id returns the first order. Given by the server if absent.",
    )
    symbol: str
    strategy: str | None = None
    tags: list[str] | None = None

    def to_domain(self) -> PlaceOrder:
        """The command."""
        # Every field is one of the command, of the same name; a batch has too many orders to look at each.
        changed: dict[str, Any] = {
            "account_id": named(self.account_id),
            "client_order_id": identified(self.client_order_id),
            "tags": tuple(self.tags or ()),
        }
        return PlaceOrder(**{**vars(self), **changed})


@strawberry.input(description="Up to 1,000 orders, of one or several accounts.")
class PlaceOrdersInput:
    """With ``all_or_none`` one refusal refuses all."""

    orders: list[PlaceOrderInput]
    all_or_none: bool = False


@strawberry.input(description="An order, by our id or by its own within an account.")
class CancelOrderInput:
    """See ``domain.orders.model.commands.OrderKey``."""

    id: strawberry.ID | None = None
    account_id: strawberry.ID | None = None
    client_order_id: str | None = None

    def to_domain(self) -> OrderKey:
        """The key."""
        return OrderKey(
            id=named(self.id) if self.id is not None else None,
            account_id=named(self.account_id) if self.account_id is not None else None,
            client_order_id=identified(self.client_order_id),
        )


@strawberry.input(name="OrderFilter", description=("Conditions that select orders, in `from` <= createdAt < `to`."))
class OrderFilter:
    """All given conditions must hold."""

    account_id: strawberry.ID | None = None
    symbols: list[str] | None = None
    statuses: list[OrderStatus] | None = None
    open: bool | None = None
    sides: list[Side] | None = None
    types: list[OrderType] | None = None
    strategy: str | None = None
    client_order_id: str | None = None
    since: datetime | None = strawberry.field(name="from", default=None)
    until: datetime | None = strawberry.field(name="to", default=None)
    tags: list[str] | None = None
    group_id: strawberry.ID | None = None

    def to_domain(self) -> OrderSearch:
        """The search."""
        return OrderSearch(
            account_id=named(self.account_id) if self.account_id is not None else None,
            symbols=self.symbols,
            statuses=self.statuses,
            open=self.open,
            sides=self.sides,
            types=self.types,
            strategy=self.strategy,
            client_order_id=identified(self.client_order_id),
            since=self.since,
            until=self.until,
            tags=self.tags,
            group_id=named(self.group_id) if self.group_id is not None else None,
        )


@strawberry.input(name="OrderSort", description="Sort order of orders.")
class OrderSortInput:
    """Newest first by default."""

    field: OrderSortField = OrderSortField.CREATED_AT
    direction: SortDirection = SortDirection.DESC

    def to_domain(self) -> OrderSort:
        """The sort."""
        return OrderSort(self.field, self.direction)


@strawberry.input(description="Conditions that select executions, in `from` <= at < `to`.")
class ExecutionFilter:
    """All given conditions must hold."""

    account_id: strawberry.ID | None = None
    order_id: strawberry.ID | None = None
    symbols: list[str] | None = None
    since: datetime | None = strawberry.field(name="from", default=None)
    until: datetime | None = strawberry.field(name="to", default=None)
    sides: list[Side] | None = None
    strategy: str | None = None
    liquidity: Liquidity | None = None

    def to_domain(self) -> ExecutionSearch:
        """The search."""
        return ExecutionSearch(
            account_id=named(self.account_id) if self.account_id is not None else None,
            order_id=named(self.order_id) if self.order_id is not None else None,
            symbols=self.symbols,
            since=self.since,
            until=self.until,
            sides=self.sides,
            strategy=self.strategy,
            liquidity=self.liquidity,
        )


@strawberry.input(description="A change of an open order; absent fields stay unchanged.")
class ModifyOrderInput:
    """See ``domain.orders.model.commands.ModifyOrder``."""

    id: strawberry.ID | None = None
    account_id: strawberry.ID | None = None
    client_order_id: str | None = None
    quantity: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trailing_offset: Decimal | None = None
    expires_at: datetime | None = None
    expected_version: int | None = strawberry.field(
        default=None, description="Change it only if nothing has changed it since this version."
    )

    def to_domain(self) -> ModifyOrder:
        """The command."""
        return ModifyOrder(
            key=CancelOrderInput(
                id=self.id, account_id=self.account_id, client_order_id=self.client_order_id
            ).to_domain(),
            quantity=self.quantity,
            limit_price=self.limit_price,
            stop_price=self.stop_price,
            trailing_offset=self.trailing_offset,
            expires_at=self.expires_at,
            expected_version=self.expected_version,
        )


@strawberry.input(description="Conditions that select open orders of an account.")
class CancelOrdersInput:
    """See ``domain.orders.model.commands.CancelOrders``."""

    account_id: strawberry.ID
    symbol: str | None = None
    side: Side | None = None
    strategy: str | None = None

    def to_domain(self) -> CancelOrders:
        """The command."""
        return CancelOrders(named(self.account_id), self.symbol, self.side, self.strategy)


@strawberry.input(description="A dead man's switch: unless it is set again in time, all open orders are cancelled.")
class CancelAllAfterInput:
    """0 seconds remove the timer."""

    account_id: strawberry.ID
    seconds: int


@strawberry.input(description=("An exit of a bracket: it closes the quantity that the entry opens, and no more."))
class OrderLegInput:
    """See ``domain.orders.model.commands.OrderLeg``."""

    type: OrderType
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trailing_offset: Decimal | None = None
    trailing_offset_kind: OffsetKind = OffsetKind.PRICE
    limit_offset: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    client_order_id: str | None = None

    def to_domain(self) -> OrderLeg:
        """The leg."""
        return OrderLeg(
            type=self.type,
            limit_price=self.limit_price,
            stop_price=self.stop_price,
            trailing_offset=self.trailing_offset,
            trailing_offset_kind=self.trailing_offset_kind,
            limit_offset=self.limit_offset,
            time_in_force=self.time_in_force,
            client_order_id=identified(self.client_order_id),
        )


@strawberry.input(description="An entry with at least one exit that protects its filled quantity.")
class PlaceBracketInput:
    """See ``domain.orders.model.commands.PlaceBracket``."""

    entry: PlaceOrderInput
    take_profit: OrderLegInput | None = None
    stop_loss: OrderLegInput | None = None

    def to_domain(self) -> PlaceBracket:
        """The command."""
        return PlaceBracket(
            entry=self.entry.to_domain(),
            take_profit=self.take_profit.to_domain() if self.take_profit is not None else None,
            stop_loss=self.stop_loss.to_domain() if self.stop_loss is not None else None,
        )


@strawberry.input(description="Two orders of which at most one is to come true.")
class PlaceOcoInput:
    """See ``domain.orders.model.commands.PlaceOco``."""

    first: PlaceOrderInput
    second: PlaceOrderInput

    def to_domain(self) -> PlaceOco:
        """The command."""
        return PlaceOco(self.first.to_domain(), self.second.to_domain())


@strawberry.input(description="An execution to bust, and the reason.")
class BustExecutionInput:
    """One execution."""

    id: strawberry.ID
    reason: str


@strawberry.input(description="The right price or quantity of an execution, and the reason.")
class CorrectExecutionInput:
    """One execution."""

    id: strawberry.ID
    price: Decimal
    quantity: Decimal
    reason: str
