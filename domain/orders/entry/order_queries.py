"""Reads of orders with their accounts, for decisions that the writing statement proves.

SQL: the hot path of changing orders; orders and their accounts in one statement.
"""

from collections.abc import Collection
from uuid import UUID

from domain.accounts.queries import SELECT_ACCOUNT, to_book
from domain.accounts.types import AccountBook
from domain.kernel.database import fetch
from domain.orders.model.order import Order
from domain.orders.queries import FROM_ORDERS, SELECT_ORDER, to_order

_ORDER_WIDTH = SELECT_ORDER.count(",") + 1
_WITH_ACCOUNTS = f"""
SELECT {SELECT_ORDER}, {SELECT_ACCOUNT} {FROM_ORDERS} JOIN accounts a ON a.id = o.account_id
WHERE o.id = ANY({{ids}})
"""
_ALONE = _WITH_ACCOUNTS.format(ids="$1::uuid[]")
# With the orders that exclude each other, and their other legs. The ids are found first: a condition on two columns
# would read the whole table.
_GROUPED = _WITH_ACCOUNTS.format(
    ids="$1::uuid[] || ARRAY(SELECT o.id FROM orders g JOIN orders o ON o.group_id = g.group_id "
    "WHERE g.id = ANY($1::uuid[]) AND g.contingency IN ('OCO', 'OUO'))"
)


async def read_with_accounts(
    order_ids: Collection[UUID], *, alternatives: bool = False
) -> tuple[dict[UUID, Order], dict[UUID, AccountBook]]:
    """Orders and their accounts, one consistent read without a lock; ``alternatives``: with those that they exclude."""
    rows = await fetch(_GROUPED if alternatives else _ALONE, list(order_ids))
    orders = {row[0]: to_order(row[:_ORDER_WIDTH]) for row in rows}
    books: dict[UUID, AccountBook] = {}
    for row in rows:
        if row[1] not in books:
            books[row[1]] = to_book(row[_ORDER_WIDTH:])
    return orders, books
