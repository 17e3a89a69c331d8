"""Conflated live figures of an account: the newest valuation, at most once per interval, only after a change.

The database is read once, when the account is first watched; afterwards its events and quotes suffice.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from domain.kernel.numbers import ZERO
from domain.positions.live import LiveBooks
from domain.positions.values import AccountValue, PositionValue

MIN_INTERVAL_SECONDS = 0.02
_Seen = tuple[Decimal | None, Decimal, datetime | None]


async def live_account(
    books: LiveBooks, account_id: UUID, interval_seconds: float
) -> AsyncGenerator[AccountValue, None]:
    """The account's value now and, at most once per interval, after each change by an event, a mark or a rate.

    Raises:
        NotFound: there is no such account.
    """
    async with books.watch(account_id) as watched:
        seen = 0
        while True:
            seen = await watched.changed(seen)
            yield watched.value()
            await asyncio.sleep(max(interval_seconds, MIN_INTERVAL_SECONDS))


async def live_positions(
    books: LiveBooks, account_id: UUID, interval_seconds: float
) -> AsyncGenerator[PositionValue, None]:
    """Each open position, then each one that an event, its mark or its rate has changed."""
    seen: dict[UUID, _Seen] | None = None
    async with aclosing(live_account(books, account_id, interval_seconds)) as values:
        async for value in values:
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
