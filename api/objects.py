"""Objects beside ids: the values that a row names, loaded together with those that the operation's other rows name.

A row that is seen belongs to an account that is seen, and so does what it names; where it need not, the actor is asked.
"""

from collections.abc import Iterable
from typing import Protocol, TypeVar
from uuid import UUID

import strawberry

from api.context import Info
from api.ids import named
from api.loaders import Batch
from domain.accounts.queries import read_currencies, read_transactions
from domain.accounts.types import Transaction
from domain.orders.model.order import Execution, Order
from domain.orders.queries import read_orders
from domain.orders.reading.execution_queries import read_executions
from domain.positions.values import AccountValue


async def load_transaction(info: Info, transaction_id: UUID | None) -> Transaction | None:
    """The transaction that a row is about; None of a row that is about none."""
    if transaction_id is None:
        return None
    return await info.context.load(read_transactions, transaction_id)


class _Owned(Protocol):
    @property
    def account_id(self) -> UUID | None: ...


Owned = TypeVar("Owned", bound=_Owned)


async def load_account(info: Info, account_id: UUID | None) -> AccountValue | None:
    """The account of a row; None of a row of none."""
    if account_id is None:
        return None
    return await info.context.load(info.context.services.books.read, account_id)


async def load_currency(info: Info, account_id: UUID) -> str:
    """The currency of an account that is there."""
    currency = await info.context.load(read_currencies, account_id)
    assert currency is not None, "accounts are never removed"
    return currency


async def load_order(info: Info, order_id: UUID | None) -> Order | None:
    """The order that a row is about; None of a row that is about none."""
    return await info.context.load(read_orders, order_id) if order_id is not None else None


async def load_execution(info: Info, execution_id: UUID | None) -> Execution | None:
    """The execution that a row is about; None of a row that is about none."""
    if execution_id is None:
        return None
    return await info.context.load(read_executions, execution_id)


async def find_visible(
    info: Info, batch: Batch[UUID, Owned], identifier: strawberry.ID, *, shared: bool = False
) -> Owned | None:
    """The row of an id, if its account exists for the actor.

    A row of no account is for those who see all; with ``shared`` it is for everybody.
    """
    actor = info.context.require_actor()
    found = await info.context.load(batch, named(identifier))
    if found is None or found.account_id is None:
        return found if shared or actor.sees_all else None
    return found if actor.may_read(found.account_id) else None


async def visible_orders(info: Info, order_ids: Iterable[UUID]) -> list[Order]:
    """Those of the orders that are there, and that the actor may see."""
    actor = info.context.require_actor()
    found = await info.context.load_all(read_orders, order_ids)
    return [order for order in found if actor.may_read(order.account_id)]


async def visible_executions(info: Info, execution_ids: Iterable[UUID]) -> list[Execution]:
    """Those of the executions that are there, and that the actor may see."""
    actor = info.context.require_actor()
    found = await info.context.load_all(read_executions, execution_ids)
    return [row for row in found if actor.may_read(row.account_id)]


async def visible_transactions(info: Info, transaction_ids: Iterable[UUID]) -> list[Transaction]:
    """Those of the transactions that are there, and that the actor may see."""
    actor = info.context.require_actor()
    found = await info.context.load_all(read_transactions, transaction_ids)
    return [row for row in found if actor.may_read(row.account_id)]
