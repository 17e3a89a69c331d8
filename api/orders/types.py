"""Types of the order area in the schema; their sources are the domain's own values."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, cast

import strawberry

from api.context import Info
from api.graphql.field_flags import SAME_FOR_ALL, same_for_all_reading
from api.market.types import Instrument, instrument_view
from api.node import Node
from api.objects import load_currency, load_execution, load_order
from api.orders.enums import (
    Contingency,
    Liquidity,
    OrderEventKind,
    OrderStatus,
    PendingAction,
    RejectReason,
    Side,
)
from api.orders.terms import OrderTermsView
from api.pages import Connection, owned
from api.realtime.streams import cursor_of
from api.risk.types import RiskViolation
from api.scalars import JSON, Cursor
from domain.accounts.event_queries import read_order_events
from domain.kernel.owned_page_queries import OwnedPage
from domain.kernel.pages import page_request
from domain.kernel.time import Nanos
from domain.orders.history_queries import ORDER_EVENTS
from domain.orders.model import order as values
from domain.orders.model.events import read_order_event
from domain.orders.queries import read_executions_of, read_groups, read_orders

if TYPE_CHECKING:
    from api.accounts.types import Account


_Account = Annotated["Account", strawberry.lazy("api.accounts.types")]


@strawberry.type(description="An order with its whole state.")
class Order(OrderTermsView, Node):
    """A view of ``domain.orders.model.order.Order``."""

    id: strawberry.ID
    client_order_id: str
    symbol: str
    status: OrderStatus
    filled_quantity: Decimal
    remaining_quantity: Decimal = strawberry.field(
        description=("Number of units that may still be executed; zero once the order has ended.")
    )
    average_price: Decimal | None
    fees: Decimal = strawberry.field(description="Fees and taxes of its executions.")
    reserved: Decimal = strawberry.field(description="The part of the account's money that is reserved for it.")
    strategy: str | None
    tags: list[str]
    contingency: Contingency
    parent_id: strawberry.ID | None
    group_id: strawberry.ID | None
    pending_action: PendingAction | None
    reject_reason: RejectReason | None
    reject_message: str | None
    venue_order_id: str | None
    violations: list[RiskViolation]
    created_at: datetime
    updated_at: datetime
    triggered_at: datetime | None
    closed_at: datetime | None
    version: int
    placed_by: str | None = strawberry.field(
        description=("Its author: an email, or a part of the platform such as `monitor`; null if it was not recorded.")
    )
    placed_key: strawberry.ID | None = strawberry.field(
        name="placedByKey", description="The API key that it was placed with, if any."
    )

    @strawberry.field(
        description="The currency of its money: the account's. Prices are in the instrument's.",
        metadata=same_for_all_reading("account_id"),
    )
    async def currency(self, order: strawberry.Parent[values.Order], info: Info) -> str:
        """Loaded with those of the operation's other accounts."""
        return await load_currency(info, order.account_id)

    @strawberry.field(description="Its owner.", metadata=same_for_all_reading("account_id"))
    async def account(self, order: strawberry.Parent[values.Order], info: Info) -> _Account:
        """Loaded with the operation's other accounts."""
        return cast("Account", await info.context.load(info.context.services.books.read, order.account_id))

    @strawberry.field(description="Its instrument.", metadata=same_for_all_reading("instrument_id"))
    def instrument(self, order: strawberry.Parent[values.Order], info: Info) -> Instrument:
        """The present terms."""
        return instrument_view(info.context.services.market.known(order.instrument_id))

    @strawberry.field(description="The entry that it exits; null for none.", metadata=same_for_all_reading("parent_id"))
    async def parent(
        self, order: strawberry.Parent[values.Order], info: Info
    ) -> Annotated["Order", strawberry.lazy("api.orders.types")] | None:
        """Loaded with the operation's other orders."""
        return cast("Order | None", await load_order(info, order.parent_id))

    @strawberry.field(
        description="All orders of its bracket or OCO, including itself, oldest first; empty without a group. "
        "In pages: `orders(filter: { groupId })`.",
        metadata=same_for_all_reading("group_id"),
    )
    async def group(
        self, order: strawberry.Parent[values.Order], info: Info
    ) -> list[Annotated["Order", strawberry.lazy("api.orders.types")]]:
        """Loaded with the operation's other groups."""
        found = await info.context.load(read_groups, order.group_id) if order.group_id is not None else None
        return cast("list[Order]", found or [])

    @strawberry.field(
        description="Its fills, oldest first. In pages: `executions(filter: { orderId })`.",
        metadata=same_for_all_reading("id"),
    )
    async def executions(
        self, order: strawberry.Parent[values.Order], info: Info
    ) -> list[Annotated["Execution", strawberry.lazy("api.orders.types")]]:
        """Loaded with those of the operation's other orders."""
        return cast("list[Execution]", await info.context.load(read_executions_of, order.id) or [])

    @strawberry.field(
        description="All its events, oldest first. In pages: `historyConnection`.", metadata=same_for_all_reading("id")
    )
    async def history(
        self, order: strawberry.Parent[values.Order], info: Info
    ) -> list[Annotated["OrderEvent", strawberry.lazy("api.orders.types")]]:
        """From the account's event log."""
        events = await info.context.load(read_order_events, order.id) or []
        return [event_view(event) for row in events if (event := read_order_event(row)) is not None]

    @strawberry.field(description="All its events, oldest first, in pages.")
    async def history_connection(
        self,
        order: strawberry.Parent[values.Order],
        info: Info,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[Annotated["OrderEvent", strawberry.lazy("api.orders.types")]]:
        """A page of them, loaded with those of the operation's other orders."""
        request = page_request(first, after, last, before, parts=1, of=("Order.history", order.id))
        return await owned(info, ORDER_EVENTS, OwnedPage(order.id, request), event_view)


@strawberry.type(description="One fill of an order.")
class Execution(Node):
    """A view of ``domain.orders.model.order.Execution``."""

    id: strawberry.ID
    venue_execution_id: str
    symbol: str
    side: Side
    price: Decimal
    quantity: Decimal
    fee: Decimal
    tax: Decimal
    realized_pnl: Decimal = strawberry.field(description="Gross of fees.")
    liquidity: Liquidity
    fx_rate: Decimal = strawberry.field(
        description=(
            "Exchange rate of the instrument's currency to the account's, at which the execution was converted."
        )
    )
    venue_fee: Decimal | None = strawberry.field(
        description=(
            "Fee of the venue in another currency than the account's; below zero for a rebate; null if there is none."
        )
    )
    venue_fee_currency: str | None = strawberry.field(description="The currency of `venueFee`.")
    withheld: Decimal = strawberry.field(
        description="Number of units that the venue kept as its fee: the position has this many units less."
    )
    busted_at: datetime | None
    busted_by: str | None = strawberry.field(description="Author of the bust or correction.")
    corrected_by: strawberry.ID | None
    at: Nanos = strawberry.field(description="The venue's time, to the nanosecond.")

    @strawberry.field(description="Resumes `executions` of its account after it.", metadata=SAME_FOR_ALL)
    def cursor(self, execution: strawberry.Parent[values.Execution]) -> Cursor:
        """The number of its event."""
        return cursor_of(execution.sequence, execution.account_id)

    @strawberry.field(description="The execution that replaces it; null if there is none.", metadata=SAME_FOR_ALL)
    async def correction(
        self, execution: strawberry.Parent[values.Execution], info: Info
    ) -> Annotated["Execution", strawberry.lazy("api.orders.types")] | None:
        """Loaded with the operation's other executions."""
        return cast("Execution | None", await load_execution(info, execution.corrected_by))

    @strawberry.field(description="Order of the execution.", metadata=SAME_FOR_ALL)
    async def order(self, execution: strawberry.Parent[values.Execution], info: Info) -> Order:
        """Loaded with the operation's other orders."""
        return cast(Order, await info.context.load(read_orders, execution.order_id))

    @strawberry.field(
        description="The currency of its money: the account's. Its price is in the instrument's.", metadata=SAME_FOR_ALL
    )
    async def currency(self, execution: strawberry.Parent[values.Execution], info: Info) -> str:
        """Loaded with those of the operation's other accounts."""
        return await load_currency(info, execution.account_id)

    @strawberry.field(description="Its owner.", metadata=SAME_FOR_ALL)
    async def account(self, execution: strawberry.Parent[values.Execution], info: Info) -> _Account:
        """Loaded with the operation's other accounts."""
        return cast("Account", await info.context.load(info.context.services.books.read, execution.account_id))


@strawberry.type(description="One change of an order, with the order right after it.")
class OrderEvent:
    """A view of ``domain.orders.model.order.OrderEvent``."""

    kind: OrderEventKind
    order: Order
    execution: Execution | None
    status: OrderStatus
    at: datetime
    by: str | None = strawberry.field(
        description="Its author: an email, a part of the platform, or `venue` for reports of the venue."
    )

    @strawberry.field(description="Resumes `orderEvents` right after this event.", metadata=SAME_FOR_ALL)
    def cursor(self, event: strawberry.Parent[values.OrderEvent]) -> Cursor:
        """The account's sequence, opaque."""
        return cursor_of(event.sequence, event.account_id)

    @strawberry.field(description="More details of the event.", metadata=SAME_FOR_ALL)
    def detail(self, event: strawberry.Parent[values.OrderEvent]) -> JSON | None:
        """As the event stored it."""
        return JSON(event.detail) if event.detail is not None else None


@strawberry.type(description="A working order that its instrument's present terms would refuse.")
class OrderMisfit:
    """A view of ``domain.orders.deciding.fitting.OrderMisfit``."""

    order: Order
    reason: RejectReason
    message: str


def order_view(order: values.Order) -> Order:
    """The value itself: its attributes are the fields."""
    return cast(Order, order)


def execution_view(execution: values.Execution) -> Execution:
    """The value itself: its attributes are the fields."""
    return cast(Execution, execution)


def event_view(event: values.OrderEvent) -> OrderEvent:
    """The value itself: its attributes are the fields."""
    return cast(OrderEvent, event)
