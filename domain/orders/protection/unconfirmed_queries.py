"""Counts of unanswered requests: cancels that no venue confirmed, and commands that no router takes.

SQL: counts over all open orders of many accounts, in one statement.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.kernel.database import fetch
from domain.orders.model.types import Side

# A venue that is played takes a command within a second.
LATE_SECONDS = 10
_CANCELS = """
SELECT n.place, count(o.id) AS cancels
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[])
  WITH ORDINALITY AS n (account_id, symbol, strategy, side, place)
LEFT JOIN (
  orders o JOIN instruments i ON i.id = o.instrument_id
) ON o.closed_at IS NULL AND o.pending_action = 'CANCEL'
  AND (n.account_id IS NULL OR o.account_id = n.account_id) AND (n.symbol IS NULL OR i.symbol = n.symbol)
  AND (n.strategy IS NULL OR o.strategy = n.strategy) AND (n.side IS NULL OR o.side = n.side)
GROUP BY n.place ORDER BY n.place
"""
# The commands of a venue that somebody plays, but that cannot be reached, wait for the venue: of that its router tells.
_LATE = """
SELECT c.venue, count(*) AS commands, max(extract(epoch FROM clock_timestamp() - c.created_at))::int AS seconds
FROM venue_commands c WHERE c.created_at < clock_timestamp() - make_interval(secs => $1) AND (
  c.venue = 'paper' OR NOT EXISTS (
    SELECT FROM lease_beats b WHERE b.role = 'venue:' || c.venue
    AND b.beat_at > clock_timestamp() - make_interval(secs => b.silence_seconds + 2)
  )
) GROUP BY c.venue ORDER BY c.venue
"""


@dataclass(frozen=True, slots=True)
class CancelScope:
    """The scope of cancels to count: None matches all."""

    account_id: UUID | None = None
    symbol: str | None = None
    strategy: str | None = None
    side: Side | None = None


@dataclass(frozen=True, slots=True)
class LateCommands:
    """The number of a venue's commands that have waited too long, and the age of the oldest."""

    venue: str
    commands: int
    seconds: int


async def count_unconfirmed_cancels(scopes: Collection[CancelScope]) -> Mapping[CancelScope, int]:
    """The number of open orders of each scope with a cancel that their venues have not confirmed."""
    listed = list(scopes)
    rows = await fetch(
        _CANCELS,
        [scope.account_id for scope in listed],
        [scope.symbol for scope in listed],
        [scope.strategy for scope in listed],
        [scope.side for scope in listed],
    )
    return {scope: row["cancels"] for scope, row in zip(listed, rows, strict=True)}


async def read_late_commands(seconds: int = LATE_SECONDS) -> Sequence[LateCommands]:
    """The venues whose commands no router takes."""
    return [LateCommands(row["venue"], row["commands"], row["seconds"]) for row in await fetch(_LATE, seconds)]
