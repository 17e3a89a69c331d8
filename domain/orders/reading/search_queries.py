"""Searches of orders and executions: filters, sort orders and keyset pages in both directions.

SQL: keyset pages over any filter and sort order, each in one statement.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from uuid import UUID

from domain.access.types import Actor
from domain.accounts.queries import require_account
from domain.kernel.database import fetch, fetch_row
from domain.kernel.errors import BadInput, NotFound
from domain.kernel.ids import parse_id
from domain.kernel.pages import Page, PageRequest, encode_cursor, make_page
from domain.kernel.time import Nanos
from domain.market.market import Market
from domain.market.service import check_symbols
from domain.orders.model.order import Execution, Order
from domain.orders.model.types import Liquidity, OrderSortField, OrderStatus, OrderType, Side, SortDirection
from domain.orders.queries import (
    FROM_EXECUTIONS,
    FROM_ORDERS,
    SELECT_EXECUTION,
    to_execution,
)
from domain.orders.reading.order_columns import order_columns

# An index serves the order of placing. What else orders are sorted by has none (docs/adr/0076): so many are sorted.
MAX_SORTED = 100_000
# A cursor of these lists holds the sort key and the id that breaks its ties.
CURSOR_PARTS = 2


@dataclass(frozen=True, slots=True)
class OrderSearch:
    """Conditions that must all hold; None means no condition. ``within`` is the account whose list it is."""

    within: UUID | None = None
    account_id: UUID | None = None
    symbols: Sequence[str] | None = None
    statuses: Sequence[OrderStatus] | None = None
    open: bool | None = None
    sides: Sequence[Side] | None = None
    types: Sequence[OrderType] | None = None
    strategy: str | None = None
    client_order_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    tags: Sequence[str] | None = None
    group_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class OrderSort:
    """The sort field, and the direction."""

    field: OrderSortField = OrderSortField.CREATED_AT
    direction: SortDirection = SortDirection.DESC


@dataclass(frozen=True, slots=True)
class ExecutionSearch:
    """Conditions that must all hold; None means no condition. Times are the venue's."""

    account_id: UUID | None = None
    order_id: UUID | None = None
    symbols: Sequence[str] | None = None
    since: datetime | None = None
    until: datetime | None = None
    sides: Sequence[Side] | None = None
    strategy: str | None = None
    liquidity: Liquidity | None = None


async def check_search(market: Market, actor: Actor, search: OrderSearch | ExecutionSearch) -> None:
    """Check that what a search names exists for the actor: a typing error must not give an empty list.

    Raises:
        NotFound: names the field of what does not exist.
        BadInput: too many symbols.
    """
    if search.account_id is not None:
        await require_account(actor, search.account_id)
    if search.symbols is not None:
        await check_symbols(market, search.symbols)
    if isinstance(search, ExecutionSearch):
        if search.order_id is not None:
            await require_order(actor, search.order_id)
    elif search.group_id is not None:
        await _require_orders(actor, "group_id", search.group_id, "groupId")


async def require_order(actor: Actor, order_id: UUID) -> None:
    """Let ``actor`` pass if the order exists and is visible to it.

    Raises:
        NotFound: it does not exist for the actor; names the field ``orderId``.
    """
    await _require_orders(actor, "id", order_id, "orderId")


async def _require_orders(actor: Actor, column: str, value: UUID, field: str) -> None:
    row = await fetch_row(f"SELECT account_id FROM orders WHERE {column} = $1 LIMIT 1", value)
    if row is None or not actor.may_read(row["account_id"]):
        raise NotFound("There is no such order.", field=field)


class Where:
    """Conditions of a statement, and their arguments by number."""

    def __init__(self) -> None:
        self.clauses: list[str] = []
        self.arguments: list[object] = []

    def add(self, clause: str, *values: object) -> None:
        """Add a clause whose ``{}`` stand for ``values``; it is left out when a value is None."""
        if any(value is None for value in values):
            return
        marks = []
        for value in values:
            self.arguments.append(value)
            marks.append(f"${len(self.arguments)}")
        self.clauses.append(clause.format(*marks))

    def __str__(self) -> str:
        return " AND ".join(self.clauses) or "true"


# The expression that each field sorts by, and the type that its cursor's text is cast to.
_SORTS = {
    OrderSortField.CREATED_AT: ("o.id", "uuid"),
    OrderSortField.UPDATED_AT: ("o.updated_at", "timestamptz"),
    OrderSortField.SYMBOL: ("i.symbol", "text"),
    OrderSortField.STATUS: ("o.status", "text"),
    OrderSortField.QUANTITY: ("o.quantity", "numeric"),
}


def accounts_of(actor: Actor, search: OrderSearch) -> frozenset[UUID] | None:
    """The accounts whose orders a search of the actor can find; None for all that there are."""
    wanted = search.account_id or search.within
    if wanted is not None:
        return frozenset({wanted})
    return None if actor.sees_all else frozenset(actor.accounts)


def orders_where(actor: Actor, search: OrderSearch) -> Where:
    """The conditions on matching orders ``o`` of instruments ``i`` that the actor may see."""
    where = Where()
    if not actor.sees_all:
        where.add("o.account_id = ANY({}::uuid[])", list(actor.accounts))
    where.add("o.account_id = {}", search.within)
    where.add("o.account_id = {}", search.account_id)
    where.add("i.symbol = ANY({}::text[])", _list(search.symbols))
    where.add("o.status = ANY({}::text[])", _list(search.statuses))
    if search.open is not None:
        where.add("o.closed_at IS NULL" if search.open else "o.closed_at IS NOT NULL")
    where.add("o.side = ANY({}::text[])", _list(search.sides))
    where.add("o.type = ANY({}::text[])", _list(search.types))
    where.add("o.strategy = {}", search.strategy)
    where.add("o.client_order_id = {}", search.client_order_id)
    where.add("o.created_at >= {}", search.since)
    where.add("o.created_at < {}", search.until)
    # The second condition lets the index serve, which knows only orders with tags.
    where.add("o.tags @> {}::text[] AND o.tags <> '{{}}'", _list(search.tags) or None)
    where.add("o.group_id = {}", search.group_id)
    return where


def _list(values: Sequence[str] | None) -> list[str] | None:
    return None if values is None else [str(value) for value in values]


async def page_orders(
    actor: Actor,
    request: PageRequest,
    search: OrderSearch,
    sort: OrderSort,
    attributes: frozenset[str] | None = None,
) -> Page[Order]:
    """A page of the orders that the actor may see.

    ``attributes`` names those that the caller reads of them: the orders may have no others.

    Raises:
        BadInput: the cursor belongs to another list, or more than 100,000 orders would have to be sorted.
    """
    where = orders_where(actor, search)
    if sort.field is not OrderSortField.CREATED_AT:
        await _check_sortable(where)
    expression, kind = _SORTS[sort.field]
    descending = (sort.direction is SortDirection.DESC) != request.backward
    if request.key is not None:
        _after(where, expression, kind, request, descending=descending)
    direction = "DESC" if descending else "ASC"
    columns, read = order_columns(attributes and attributes | {"id", sort.field.value.lower()})
    rows = await fetch(
        f"SELECT {columns} {FROM_ORDERS} WHERE {where} "
        f"ORDER BY {expression} {direction}, o.id {direction} LIMIT {request.size + 1}",
        *where.arguments,
    )
    orders = [read(row) for row in rows]
    return make_page(request, orders, lambda order: encode_cursor(_key(order, sort.field), str(order.id)))


async def _check_sortable(where: Where) -> None:
    statement = f"SELECT count(*) AS n FROM (SELECT 1 {FROM_ORDERS} WHERE {where} LIMIT {MAX_SORTED + 1}) AS found"
    row = await fetch_row(statement, *where.arguments)
    if row is not None and row["n"] > MAX_SORTED:
        raise BadInput(
            f"More than {MAX_SORTED:,} orders match: narrow the filter, for example by account, or sort by CREATED_AT.",
            field="orderBy",
        )


def _after(where: Where, expression: str, kind: str, request: PageRequest, *, descending: bool) -> None:
    assert request.key is not None
    field = "before" if request.backward else "after"
    text, order_id = request.key[0], parse_id(request.key[1])
    if order_id is None:
        raise BadInput("This cursor belongs to another list.", field=field)
    comparison = "<" if descending else ">"
    where.add(f"({expression}, o.id) {comparison} ({{}}::{kind}, {{}})", _sort_value(text, kind, field), order_id)


def _sort_value(text: str, kind: str, field: str) -> object:
    try:
        if kind == "uuid":
            return UUID(text)
        if kind == "timestamptz":
            return datetime.fromisoformat(text)
        return Decimal(text) if kind == "numeric" else text
    except (ValueError, InvalidOperation) as error:
        raise BadInput("This cursor belongs to another list.", field=field) from error


def _key(order: Order, field: OrderSortField) -> str:
    if field is OrderSortField.CREATED_AT:
        return str(order.id)
    value = getattr(order, field.value.lower())
    return value.isoformat() if isinstance(value, datetime) else str(value)


async def count_orders(actor: Actor, search: OrderSearch) -> int:
    """The number of matching orders that the actor may see."""
    where = orders_where(actor, search)
    row = await fetch_row(f"SELECT count(*) AS n {FROM_ORDERS} WHERE {where}", *where.arguments)
    return int(row["n"]) if row else 0


def _executions_where(actor: Actor, search: ExecutionSearch) -> Where:
    where = Where()
    if not actor.sees_all:
        where.add("e.account_id = ANY({}::uuid[])", list(actor.accounts))
    where.add("e.account_id = {}", search.account_id)
    where.add("e.order_id = {}", search.order_id)
    where.add("i.symbol = ANY({}::text[])", _list(search.symbols))
    where.add("e.at_nanos >= {}", Nanos.of(search.since) if search.since is not None else None)
    where.add("e.at_nanos < {}", Nanos.of(search.until) if search.until is not None else None)
    where.add("e.side = ANY({}::text[])", _list(search.sides))
    where.add("e.order_id IN (SELECT id FROM orders WHERE strategy = {})", search.strategy)
    where.add("e.liquidity = {}", search.liquidity.value if search.liquidity is not None else None)
    return where


async def page_executions(actor: Actor, request: PageRequest, search: ExecutionSearch) -> Page[Execution]:
    """A page of the executions that the actor may see, newest first.

    Raises:
        BadInput: the cursor belongs to another list.
    """
    where = _executions_where(actor, search)
    if request.key is not None:
        _after_execution(where, request)
    rows = await fetch(
        f"SELECT {SELECT_EXECUTION} {FROM_EXECUTIONS} WHERE {where} "
        f"ORDER BY e.id {'ASC' if request.backward else 'DESC'} LIMIT {request.size + 1}",
        *where.arguments,
    )
    executions = [to_execution(row) for row in rows]
    return make_page(request, executions, lambda execution: encode_cursor("execution", str(execution.id)))


def _after_execution(where: Where, request: PageRequest) -> None:
    assert request.key is not None
    execution_id = parse_id(request.key[1])
    if execution_id is None:
        raise BadInput("This cursor belongs to another list.", field="before" if request.backward else "after")
    where.add(f"e.id {'>' if request.backward else '<'} {{}}", execution_id)


async def count_executions(actor: Actor, search: ExecutionSearch) -> int:
    """The number of matching executions that the actor may see."""
    where = _executions_where(actor, search)
    row = await fetch_row(f"SELECT count(*) AS n {FROM_EXECUTIONS} WHERE {where}", *where.arguments)
    return int(row["n"]) if row else 0
