"""Identifiers as clients send them."""

from uuid import UUID

import strawberry

from domain.kernel.ids import parse_id

_NOTHING = UUID(int=0)


def named(identifier: strawberry.ID) -> UUID:
    """What ``identifier`` names. One that no server gave out names nothing: its use finds nothing, as any other's."""
    return parse_id(identifier) or _NOTHING
