"""The events of orders in pages, oldest first.

SQL: the event log is read by the order, in the months since the oldest order of a batch.
"""

from collections.abc import Collection
from uuid import UUID

from domain.accounts.event_queries import EVENT_COLUMNS, logged_since
from domain.accounts.types import AccountEvent
from domain.kernel.database import Row
from domain.kernel.owned_page_queries import OwnedList
from domain.orders.model.events import read_order_event
from domain.orders.model.order import OrderEvent
from domain.orders.model.types import OrderEventKind

_KINDS = [kind.value for kind in OrderEventKind]


def _event(row: Row) -> OrderEvent:
    event = read_order_event(AccountEvent(*(row[name] for name in EVENT_COLUMNS.split(", "))))
    assert event is not None, "read by its kind"
    return event


def _learnt(order_ids: Collection[UUID]) -> tuple[object, ...]:
    return _KINDS, logged_since(order_ids)


ORDER_EVENTS = OwnedList(
    "account_events",
    EVENT_COLUMNS,
    "order_id",
    "sequence",
    _event,
    condition="kind = ANY($1::text[]) AND at >= $2",
    learnt=_learnt,
)
