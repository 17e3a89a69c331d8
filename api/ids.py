"""Identifiers as clients send them."""

from uuid import UUID

import strawberry

from domain.kernel.ids import parse_id
from domain.kernel.text import identity

_NOTHING = UUID(int=0)


def named(identifier: strawberry.ID) -> UUID:
    """The id of ``identifier``. A text that no server issued becomes an id that finds nothing."""
    return parse_id(identifier) or _NOTHING


def identified(client_id: str | None) -> str | None:
    """A client's own id in the form in which ids are stored and compared."""
    return None if client_id is None else identity(client_id)
