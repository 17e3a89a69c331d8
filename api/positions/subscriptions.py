"""Live figures of accounts and positions."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Hashable
from contextlib import aclosing
from functools import partial
from typing import TypeVar, cast
from uuid import UUID

import strawberry

from api.accounts.types import Account
from api.context import Info
from api.ids import named
from api.intervals import interval_seconds
from api.positions.types import PnlUpdate, Position, PositionPnl
from api.realtime.merged import merge
from api.realtime.streams import StateStream
from api.stream_access import named_accounts, reads_account, reads_accounts
from domain.accounts.queries import require_account
from domain.kernel.time import utc_now
from domain.positions.live import LiveBooks
from domain.positions.streams import live_account, live_positions

Value = TypeVar("Value")


@strawberry.type
class PositionsSubscription:
    """The area's part of the root subscription."""

    @strawberry.subscription(
        description="The PnL of an account, or of each of several, the newest at most every `intervalMs`."
    )
    async def pnl(
        self,
        info: Info,
        account_id: strawberry.ID | None = None,
        account_ids: list[strawberry.ID] | None = None,
        interval_ms: int = 250,
    ) -> AsyncIterator[PnlUpdate]:
        """Conflated per account."""
        wanted = await named_accounts(info.context.require_actor(), account_ids, account_id)
        stream = _merged(info, "pnl", wanted, interval_ms, _pnl, part=lambda update: update.account_id)
        return cast(AsyncIterator[PnlUpdate], stream)

    @strawberry.subscription(description="An account's figures, the newest at most every `intervalMs`.")
    async def account(
        self,
        info: Info,
        id: strawberry.ID,
        interval_ms: int = 250,
    ) -> AsyncIterator[Account]:
        """Conflated."""
        wanted, seconds = named(id), interval_seconds(interval_ms)
        await require_account(info.context.require_actor(), wanted, field="id")
        follow = partial(live_account, info.context.services.live, wanted, seconds)
        return cast(
            AsyncIterator[Account], StateStream(("account", wanted, interval_ms), follow, reads_account(wanted))
        )

    @strawberry.subscription(
        description="Each position that an account, or several, hold, then each one that changes, the newest at most "
        "every `intervalMs`."
    )
    async def positions(
        self,
        info: Info,
        account_id: strawberry.ID | None = None,
        account_ids: list[strawberry.ID] | None = None,
        interval_ms: int = 250,
    ) -> AsyncIterator[Position]:
        """Conflated per position."""
        wanted = await named_accounts(info.context.require_actor(), account_ids, account_id)
        stream = _merged(info, "positions", wanted, interval_ms, live_positions, part=lambda position: position.id)
        return cast(AsyncIterator[Position], stream)


def _merged(
    info: Info,
    kind: str,
    wanted: tuple[UUID, ...],
    interval_ms: int,
    follow: Callable[[LiveBooks, UUID, float], AsyncGenerator[Value, None]],
    *,
    part: Callable[[Value], Hashable],
) -> StateStream[Value]:
    """One stream of what ``follow`` gives for each of several accounts."""
    books, seconds = info.context.services.live, interval_seconds(interval_ms)
    sources = [partial(follow, books, each, seconds) for each in wanted]
    key, permit = (kind, wanted, interval_ms), reads_accounts(frozenset(wanted))
    return StateStream(key, partial(merge, sources), permit, part=part)


async def _pnl(books: LiveBooks, account_id: UUID, seconds: float) -> AsyncGenerator[PnlUpdate, None]:
    async with aclosing(live_account(books, account_id, seconds)) as values:
        async for value in values:
            yield PnlUpdate(
                account_id=strawberry.ID(str(value.id)),
                currency=value.currency,
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
