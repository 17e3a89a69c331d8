"""What happens to our orders, found by asking: for a while, when an exchange answers but its stream cannot be had."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from adapters.venues.crypto.connection import Connection
from adapters.venues.crypto.failures import ExchangeFailure, Fate
from adapters.venues.crypto.history import trades_since
from adapters.venues.crypto.identities import Identities
from adapters.venues.crypto.symbols import Symbols
from adapters.venues.crypto.translation import Raw, venue_execution, venue_order
from domain.kernel.time import NANOS_PER_SECOND, Nanos
from domain.orders.venues.port import VenueUnavailable
from domain.orders.venues.types import VenueReport

POLL_SECONDS = 2.0
# Then the stream is tried again.
POLLS = 15
# A trade may be told of later than one that was made after it.
_OVERLAP_NANOS = 10 * NANOS_PER_SECOND


async def polled(
    connection: Connection, symbols: Symbols, identities: Identities
) -> AsyncIterator[Sequence[VenueReport]]:
    """Batches of what has changed since the last look, from now on, until the stream is worth another try.

    Raises:
        VenueUnavailable: questions are not answered either.
    """
    poll = _Poll(connection, symbols, identities)
    await poll.look()
    return poll.batches()


class _Poll:
    """What was open at the last look, and up to when trades were asked for."""

    def __init__(self, connection: Connection, symbols: Symbols, identities: Identities) -> None:
        self._connection = connection
        self._symbols = symbols
        self._identities = identities
        self._open: dict[tuple[str, str], Raw] = {}
        self._since = self._now()

    def _now(self) -> Nanos:
        return Nanos(self._connection.ccxt.nonce() * 1_000_000)

    async def batches(self) -> AsyncIterator[Sequence[VenueReport]]:
        """What each look finds."""
        for _ in range(POLLS):
            await asyncio.sleep(POLL_SECONDS)
            found = await self.look()
            if found:
                yield found

    async def look(self) -> list[VenueReport]:
        """Orders that changed, were met or ended since the last look, and trades since a little before it."""
        try:
            return [*await self._orders(), *await self._trades()]
        except Exception as error:  # noqa: BLE001  whatever it was, nothing more can be said
            raise VenueUnavailable(self._connection.failure(error).message) from None

    async def _orders(self) -> list[VenueReport]:
        await self._symbols.refresh()
        now = {(raw["symbol"], raw["id"]): raw for raw in await self._connection.call("fetch_open_orders")}
        changed = [raw for key, raw in now.items() if raw != self._open.get(key)]
        for symbol, order_id in self._open.keys() - now.keys():
            try:
                changed.append(await self._connection.call("fetch_order", order_id, symbol))
            except ExchangeFailure as failure:
                if failure.fate is not Fate.NOT_THERE:
                    raise
        self._open = now
        for raw in changed:
            self._identities.learn(raw)
        return [venue_order(raw, self._symbols.ours) for raw in changed]

    async def _trades(self) -> list[VenueReport]:
        since, self._since = self._since, self._now()
        return [
            venue_execution(raw, self._symbols.ours, await self._identities.of_trade(raw))
            for terms in self._symbols.all.values()
            for raw in await trades_since(self._connection, terms["symbol"], Nanos(since - _OVERLAP_NANOS))
        ]
