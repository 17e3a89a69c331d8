"""Who caused what is stored: a person or a part of the platform, with which key, from where, in which request.

A row that something caused says who (``by``). The audit log says besides with which API key, from which address and
in which request; of orders their own rows do, because bots place too many for a second one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from domain.access.types import SYSTEM, Actor


class Part(StrEnum):
    """A part of the platform that acts by itself, as ``by`` names it."""

    MONITOR = "monitor"
    DETECTION = "anomaly detection"
    SETTLEMENT = "settlement"
    CANCEL_ALL_AFTER = "cancelAllAfter"
    BOOKS = "books"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from, and the name that it has in the log."""

    address: str
    request_id: UUID


@dataclass(frozen=True, slots=True)
class Attribution:
    """``by`` is a person's email, a ``Part``, or ``system``, the operator of the machine."""

    by: str
    key_id: UUID | None = None
    address: str | None = None
    request_id: UUID | None = None


_origin: ContextVar[Origin | None] = ContextVar("origin", default=None)


@contextmanager
def coming_from(origin: Origin) -> Iterator[None]:
    """Let what is done inside be attributed to a request."""
    token = _origin.set(origin)
    try:
        yield
    finally:
        _origin.reset(token)


def current_origin() -> Origin | None:
    """The request that asks; None for what the platform does by itself."""
    return _origin.get()


def attributed(actor: Actor, origin: Origin | None = None) -> Attribution:
    """What ``actor`` does for a request; without one, for the request that asks now."""
    origin = origin or _origin.get()
    if origin is None:
        return Attribution(actor.email, actor.api_key_id)
    return Attribution(actor.email, actor.api_key_id, origin.address or None, origin.request_id)


def of_part(part: Part) -> Attribution:
    """What a part of the platform does."""
    return Attribution(part.value)


def actor_of(part: Part) -> Actor:
    """The platform itself as an actor, by the name of one of its parts."""
    return Actor(user_id=SYSTEM.user_id, email=part.value, role=SYSTEM.role, via="system")
