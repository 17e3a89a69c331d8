"""Changes and cancels of orders: reads that the writing statement proves, and writes of what is pending.

SQL: the hot path of changing orders; the orders of many calls in one statement, each with the stamp of its row.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.kernel.database import Row, fetch
from domain.kernel.rows import KEYS_OF_ACCOUNT, Record, reader, update
from domain.kernel.unit_of_work import Writing
from domain.kernel.values import unguarded
from domain.orders.model.order import Order
from domain.orders.queries import OF_CLIENT, ORDER_CONVERTS, SELECT_ORDER, column_types, to_order
from domain.orders.row_stamps import SELECT_STAMP, Stamp, split_stamp

# All that a command changes of its order while it waits for the venue's answer.
_UPDATE_PENDING = update("orders", column_types((*KEYS_OF_ACCOUNT, "pending_action", "updated_at", "version")))
_pending = reader(*_UPDATE_PENDING.columns)
# All that a pending change changes of its order, and of the orders that this one excludes: their reservations too.
_CHANGE_COLUMNS = (
    "pending_action",
    "pending_changes",
    "updated_at",
    "version",
    "reserved",
    "reserved_margin",
    "reserved_fee",
    "reserved_quantity",
    "reserve_rate",
)
_UPDATE_PENDING_CHANGES = update("orders", column_types((*KEYS_OF_ACCOUNT, *_CHANGE_COLUMNS)))
_pending_change = reader(*_UPDATE_PENDING_CHANGES.columns, converts=ORDER_CONVERTS)


@unguarded
@dataclass(frozen=True, slots=True)
class StoredOrder:
    """An order as it was read; who decides on it takes a copy.

    ``book_version`` is its account's.
    """

    order: Order
    stamp: Stamp
    book_version: int


# The guard of a statement that changes orders as they were read, whatever else of their accounts has changed.
CHANGE_AS_READ = "change_orders_as_read($1::uuid[], '{}', '{}', '{}', $2::json)"
_READ = f"""
SELECT {SELECT_ORDER}, a.book_version, {SELECT_STAMP} FROM {{orders}}
JOIN instruments i ON i.id = o.instrument_id JOIN accounts a ON a.id = o.account_id
"""
_BY_ID = f"{_READ.format(orders='orders o')} WHERE o.id = ANY($1::uuid[])"
_BY_CLIENT_ID = _READ.format(
    orders=f"unnest($1::uuid[], $2::text[]) AS k (account_id, client_order_id) CROSS JOIN LATERAL ({OF_CLIENT}) AS o"
)
_BY_GROUP = f"{_READ.format(orders='orders o')} WHERE o.group_id = ANY($1::uuid[])"


async def read_by_id(order_ids: Collection[UUID]) -> dict[UUID, StoredOrder]:
    """Orders by id."""
    return _by_id(await fetch(_BY_ID, list(order_ids)))


async def read_by_client_id(keys: Collection[tuple[UUID, str]]) -> dict[tuple[UUID, str], StoredOrder]:
    """Orders by account and client order id."""
    rows = await fetch(_BY_CLIENT_ID, [account for account, _ in keys], [client for _, client in keys])
    found = _by_id(rows).values()
    return {(one.order.account_id, one.order.client_order_id): one for one in found}


async def read_by_group(group_ids: Collection[UUID]) -> dict[UUID, StoredOrder]:
    """All orders of brackets and OCOs, by their ids."""
    return _by_id(await fetch(_BY_GROUP, list(group_ids)))


def _by_id(rows: Iterable[Row]) -> dict[UUID, StoredOrder]:
    found = {}
    for row in rows:
        (*values, version), stamp = split_stamp(row)
        found[row[0]] = StoredOrder(to_order(values), stamp, version)
    return found


def change_as_read(order: Order, stamp: Stamp) -> Record:
    """The pending part of an order, for a guard that writes it if the row still has the ``stamp``."""
    return _pending_change(order) | stamp.record()


async def update_pending(work: Writing, orders: Sequence[Order]) -> None:
    """Store the pending requests of orders; nothing else of them has changed."""
    await work.write(_UPDATE_PENDING, [_pending(order) for order in orders])


async def update_pending_changes(work: Writing, orders: Sequence[Order]) -> None:
    """Store the pending changes of orders, with what they reserve; nothing else of them has changed."""
    await work.write(_UPDATE_PENDING_CHANGES, [_pending_change(order) for order in orders])
