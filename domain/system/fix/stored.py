"""FIX sessions, messages and requests as values. Pure."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(slots=True)
class StoredSession:
    """A session as it is stored."""

    id: UUID
    name: str
    comp_id: str
    epoch: int
    next_in: int
    next_out: int
    cursors: dict[UUID, int]


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message of the application as it was sent."""

    number: int
    kind: str
    body: str
    sent_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRequest:
    """A request to cancel (F) or replace (G) an order; ``version`` is the order's right after, None if not known."""

    client_order_id: str
    original_id: str
    kind: str
    order_id: UUID
    version: int | None = None
    refused: bool = False
    created_at: datetime
