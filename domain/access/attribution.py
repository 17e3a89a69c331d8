"""Attribution: the person or part of the platform behind a stored change, with API key, address and request.

The author of a row is its ``by``. The audit log adds the API key, the address and the request. Orders keep these in
their own rows, because bots place too many orders for a second row each.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from domain.access.types import SYSTEM, Actor
from domain.kernel.values import unguarded


class PlatformPart(StrEnum):
    """A part of the platform that acts without a person; its value is its name in ``by``."""

    MONITOR = "monitor"
    DETECTION = "anomaly detection"
    SETTLEMENT = "settlement"
    CANCEL_ALL_AFTER = "cancelAllAfter"
    BOOKS = "books"


@unguarded
@dataclass(frozen=True, slots=True)
class Origin:
    """The origin of a request, and its name in the log; ``trace`` names its span while requests are traced."""

    address: str
    request_id: UUID
    device: str = ""
    trace: str | None = None


@unguarded
@dataclass(frozen=True, slots=True)
class Attribution:
    """``by`` is a person's email, a ``PlatformPart``, or ``system``, the operator of the machine."""

    by: str
    key_id: UUID | None = None
    address: str | None = None
    request_id: UUID | None = None
    trace: str | None = None


_origin: ContextVar[Origin | None] = ContextVar("origin", default=None)


@contextmanager
def coming_from(origin: Origin) -> Iterator[None]:
    """Attribute everything that is done inside to a request."""
    token = _origin.set(origin)
    try:
        yield
    finally:
        _origin.reset(token)


def current_origin() -> Origin | None:
    """The current request; None for work that the platform does by itself."""
    return _origin.get()


def attributed(actor: Actor, origin: Origin | None = None) -> Attribution:
    """The attribution of work that ``actor`` does for a request, by default for the current one."""
    origin = origin or _origin.get()
    if origin is None:
        return Attribution(actor.email, actor.api_key_id)
    return Attribution(actor.email, actor.api_key_id, origin.address or None, origin.request_id, origin.trace)


def actor_of(part: PlatformPart) -> Actor:
    """The platform itself as an actor, by the name of one of its parts."""
    return Actor(user_id=SYSTEM.user_id, email=part.value, role=SYSTEM.role, via="system")
