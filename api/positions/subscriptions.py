"""Live figures of accounts and positions."""

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from functools import partial
from typing import cast
from uuid import UUID

import strawberry

from api.accounts.types import Account
from api.context import Info
from api.ids import named
from api.intervals import interval_seconds
from api.positions.types import PnlUpdate, Position, PositionPnl
from api.realtime.streams import StateStream
from api.stream_access import reads_account
from domain.access.types import Actor
from domain.accounts.queries import require_account
from domain.kernel.time import utc_now
from domain.positions.live import LiveBooks
from domain.positions.streams import live_account, live_positions


@strawberry.type
class PositionsSubscription:
    """The area's part of the root subscription."""

    @strawberry.subscription(description="An account's PnL, the newest at most every `intervalMs`.")
    async def pnl(self, info: Info, account_id: strawberry.ID, interval_ms: int = 250) -> AsyncIterator[PnlUpdate]:
        """Conflated."""
        books, wanted, seconds, permit = await _source(info, account_id, interval_ms)
        key = ("pnl", wanted, interval_ms)
        return cast(AsyncIterator[PnlUpdate], StateStream(key, partial(_pnl, books, wanted, seconds), permit))

    @strawberry.subscription(description="An account's figures, the newest at most every `intervalMs`.")
    async def account(
        self,
        info: Info,
        id: strawberry.ID,
        interval_ms: int = 250,
    ) -> AsyncIterator[Account]:
        """Conflated."""
        books, wanted, seconds, permit = await _source(info, id, interval_ms, field="id")
        key = ("account", wanted, interval_ms)
        return cast(AsyncIterator[Account], StateStream(key, partial(live_account, books, wanted, seconds), permit))

    @strawberry.subscription(
        description="Each position that is held, then each one that changes, the newest at most every `intervalMs`."
    )
    async def positions(self, info: Info, account_id: strawberry.ID, interval_ms: int = 250) -> AsyncIterator[Position]:
        """Conflated per position."""
        books, wanted, seconds, permit = await _source(info, account_id, interval_ms)
        key = ("positions", wanted, interval_ms)
        open_stream = partial(live_positions, books, wanted, seconds)
        return cast(AsyncIterator[Position], StateStream(key, open_stream, permit, part=lambda position: position.id))


async def _source(
    info: Info, account_id: strawberry.ID, interval_ms: int, *, field: str = "accountId"
) -> tuple[LiveBooks, UUID, float, Callable[[Actor], None]]:
    wanted = named(account_id)
    await require_account(info.context.require_actor(), wanted, field=field)
    return info.context.services.live, wanted, interval_seconds(interval_ms), reads_account(wanted)


async def _pnl(books: LiveBooks, account_id: UUID, seconds: float) -> AsyncIterator[PnlUpdate]:
    async with aclosing(live_account(books, account_id, seconds)) as values:
        async for value in values:
            yield PnlUpdate(
                account_id=strawberry.ID(str(value.id)),
                at=utc_now(),
                equity=value.equity,
                cash=value.cash,
                available=value.available,
                unrealized_pnl=value.unrealized_pnl,
                realized_pnl=value.realized_pnl,
                day_pnl=value.day_pnl,
                margin_ratio=value.margin_ratio,
                positions=cast("list[PositionPnl]", [row for row in value.positions if row.quantity]),
            )
