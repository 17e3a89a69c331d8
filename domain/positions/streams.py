"""Conflated live figures of an account: the newest valuation, at most once per interval, only when it has changed.

The database is read once, at the start; afterwards the account's events and the quotes of what it holds are enough.
"""

import asyncio
import contextvars
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from domain.accounts.log import AccountLog
from domain.kernel.errors import Unavailable
from domain.kernel.numbers import ZERO
from domain.market.market import Market
from domain.positions.live import LiveAccount
from domain.positions.valuation import AccountValue, PositionValue

MIN_INTERVAL_SECONDS = 0.02
_RETRY_SECONDS = 1.0
_Seen = tuple[Decimal | None, Decimal, datetime | None]


async def live_account(log: AccountLog, market: Market, interval_seconds: float) -> AsyncIterator[AccountValue]:
    """The account's value now and, at most once per interval, whenever an event or a mark has changed it.

    Raises:
        NotFound: there is no such account.
    """
    live = await LiveAccount.load(log.account_id)
    # A context of its own: it must not inherit the transaction or the request of whoever subscribes.
    follower = asyncio.get_running_loop().create_task(_follow(log, live), context=contextvars.Context())
    seen: object = None
    try:
        while not follower.done():
            value = await live.value(market)
            signature = (live.sequence, tuple((row.mark_price, row.fx_rate) for row in value.positions))
            if signature != seen:
                seen = signature
                yield value
            await asyncio.sleep(max(interval_seconds, MIN_INTERVAL_SECONDS))
        follower.result()
    finally:
        follower.cancel()
        with suppress(asyncio.CancelledError):
            await follower


async def live_positions(log: AccountLog, market: Market, interval_seconds: float) -> AsyncIterator[PositionValue]:
    """Each position that is held now, then each one that an event or its mark has changed."""
    seen: dict[UUID, _Seen] | None = None
    async for value in live_account(log, market, interval_seconds):
        news = {position.id: _seen(position) for position in value.positions}
        for position in value.positions:
            # What was closed before the stream began is history.
            if position.quantity if seen is None else seen.get(position.id) != news[position.id]:
                yield position
        seen = news


def _seen(position: PositionValue) -> _Seen:
    if not position.quantity:
        return None, ZERO, position.updated_at
    return position.mark_price, position.fx_rate, position.updated_at


async def _follow(log: AccountLog, live: LiveAccount) -> None:
    while True:
        try:
            async for events in log.follow(live.sequence):
                live.apply(event for _, event in events)
        except Unavailable:
            await asyncio.sleep(_RETRY_SECONDS)
