"""The ClOrdIDs of an order in one session, pure: each cancel and replace has its own, and a replaced order takes it.

Requests and events meet by the order's version: a request is stored with the version that it left.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from domain.orders.model.order import OrderEvent
from domain.orders.model.types import OrderEventKind as Kind
from domain.system.fix.stored import StoredRequest

_ANSWERS_CANCEL = frozenset({Kind.CANCELED, Kind.CANCEL_REJECTED})


@dataclass(frozen=True, slots=True)
class Names:
    """ClOrdID (11) of a report, and OrigClOrdID (41) where it is about a request."""

    client_order_id: str
    original_id: str | None = None


def names_of(events: Iterable[OrderEvent], requests: Iterable[StoredRequest]) -> dict[int, Names]:
    """The names of each event of an order, by the event's number; ``events`` are all of the order, in order."""
    by_version = {row.version: row for row in requests if row.version is not None and not row.refused}
    found: dict[int, Names] = {}
    current: str | None = None
    waiting: list[StoredRequest | None] = []
    canceling: StoredRequest | None = None
    for event in events:
        current = current or event.order.client_order_id
        about: StoredRequest | None = None
        if event.kind == Kind.PENDING_REPLACE:
            about = by_version.get(event.order.version)
            waiting.append(about)
        elif event.kind == Kind.PENDING_CANCEL:
            about = canceling = by_version.get(event.order.version)
        elif is_answer_to_replace(event):
            about = waiting.pop(0) if waiting else None
        elif event.kind in _ANSWERS_CANCEL:
            about, canceling = canceling, None
        found[event.sequence] = Names(current) if about is None else Names(about.client_order_id, current)
        if about is not None and event.kind == Kind.REPLACED:
            current = about.client_order_id
    return found


def is_answer_to_replace(event: OrderEvent) -> bool:
    """True if the event answers a request to replace the order; the venue answers them in order."""
    if event.kind == Kind.REPLACE_REJECTED:
        return True
    return event.kind == Kind.REPLACED and (event.detail or {}).get("reason") == "REQUESTED"


def newest_id(events: Iterable[OrderEvent], requests: Iterable[StoredRequest]) -> str | None:
    """The ClOrdID that an order has now."""
    current: str | None = None
    for event, names in _with_names(events, requests):
        replaced = event.kind == Kind.REPLACED and names.original_id is not None
        current = names.client_order_id if replaced else current or event.order.client_order_id
    return current


def _with_names(events: Iterable[OrderEvent], requests: Iterable[StoredRequest]) -> Iterable[tuple[OrderEvent, Names]]:
    listed = list(events)
    names = names_of(listed, requests)
    return [(event, names[event.sequence]) for event in listed]
