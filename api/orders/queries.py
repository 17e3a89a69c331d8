"""Queries about orders and executions."""

from functools import partial
from typing import cast

import strawberry

from api.context import Info
from api.graphql.field_flags import COSTLY
from api.graphql.selection import selected_attributes
from api.objects import find_visible
from api.orders.inputs import CancelOrderInput, ExecutionFilter, OrderFilter, OrderSortInput, PlaceOrderInput
from api.orders.payloads import OrderCheck
from api.orders.statistics_types import OrderStatistics
from api.orders.types import Execution, Order, execution_view, order_view
from api.pages import Connection, connection
from domain.kernel.errors import NotFound
from domain.kernel.pages import page_request
from domain.orders.entry.finding import find_order
from domain.orders.entry.order_check import check_order
from domain.orders.reading import search_queries
from domain.orders.reading.execution_queries import read_executions
from domain.orders.reading.statistics import order_statistics


@strawberry.type
class OrdersQuery:
    """The area's part of the root query."""

    @strawberry.field(description="An order, by our id or by its own within an account.")
    async def order(
        self,
        info: Info,
        id: strawberry.ID | None = None,
        account_id: strawberry.ID | None = None,
        client_order_id: str | None = None,
    ) -> Order | None:
        """One order."""
        key = CancelOrderInput(id=id, account_id=account_id, client_order_id=client_order_id).to_domain()
        try:
            return order_view(await find_order(info.context.require_actor(), key))
        except NotFound:
            return None

    @strawberry.field(description="Orders that you may see, newest first unless sorted otherwise.")
    async def orders(
        self,
        info: Info,
        filter: OrderFilter | None = None,
        order_by: OrderSortInput | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[Order]:
        """A page of orders."""
        search = (filter or OrderFilter()).to_domain()
        return await orders_page(info, search, order_by, first, after, last, before)

    @strawberry.field(description="Executions that you may see, newest first.")
    async def executions(
        self,
        info: Info,
        filter: ExecutionFilter | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[Execution]:
        """A page of executions."""
        actor, search = info.context.require_actor(), (filter or ExecutionFilter()).to_domain()
        of = ("executions", search)
        request = page_request(first, after, last, before, parts=search_queries.CURSOR_PARTS, of=of)
        await search_queries.check_search(info.context.services.market, actor, search)
        page = await search_queries.page_executions(actor, request, search)
        return connection(page, execution_view, partial(search_queries.count_executions, actor, search))

    @strawberry.field(description="An execution; null if the id is unknown or you may not see it.")
    async def execution(self, info: Info, id: strawberry.ID) -> Execution | None:
        """One execution."""
        return cast("Execution | None", await find_visible(info, read_executions, id))

    @strawberry.field(
        description="Statistics of the orders that you may see.",
        metadata=COSTLY,
    )
    async def order_statistics(
        self,
        info: Info,
        filter: OrderFilter | None = None,
    ) -> OrderStatistics:
        """One statement, however many orders there are."""
        search = (filter or OrderFilter()).to_domain()
        actor = info.context.require_actor()
        await search_queries.check_search(info.context.services.market, actor, search)
        return cast(OrderStatistics, await order_statistics(info.context.services.reads, actor, search))

    @strawberry.field(name="checkOrder", description=("Decision that `placeOrder` would make now; nothing is saved."))
    async def check_order(self, info: Info, input: PlaceOrderInput) -> OrderCheck:
        """A dry run."""
        services, actor = info.context.services, info.context.require_actor()
        return cast(OrderCheck, await check_order(services.entry, actor, input.to_domain()))


async def orders_page(
    info: Info,
    search: search_queries.OrderSearch,
    order_by: OrderSortInput | None,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
) -> Connection[Order]:
    """A page of the orders that the actor may see."""
    actor, sort = info.context.require_actor(), (order_by or OrderSortInput()).to_domain()
    of = ("orders", search, sort)
    request = page_request(first, after, last, before, parts=search_queries.CURSOR_PARTS, of=of)
    await search_queries.check_search(info.context.services.market, actor, search)
    asked = selected_attributes(info._raw_info, "edges", "node")
    page = await search_queries.page_orders(actor, request, search, sort, asked)
    return connection(page, order_view, partial(search_queries.count_orders, actor, search))
