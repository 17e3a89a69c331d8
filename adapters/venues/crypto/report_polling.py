"""Reports of our orders by polling: for a while, when an exchange answers but its stream cannot be opened."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence

from adapters.venues.crypto.client_ids import Identities
from adapters.venues.crypto.connection import ExchangeConnection
from adapters.venues.crypto.failures import ExchangeFailure, Fate
from adapters.venues.crypto.symbols import Symbols
from adapters.venues.crypto.trade_history import identity, trades_since
from adapters.venues.crypto.translation import NANOS_PER_MILLISECOND, Raw, venue_execution, venue_order
from domain.kernel.time import NANOS_PER_SECOND, Nanos
from domain.orders.venues.types import VenueReport

POLL_SECONDS = 2.0
# Then the stream is tried again.
POLLS = 15
# A trade may be told of later than one that was made after it.
_OVERLAP_NANOS = 10 * NANOS_PER_SECOND

# An order there: ccxt's symbol, the exchange's id.
_Key = tuple[str, str]


async def polled(
    connection: ExchangeConnection, symbols: Symbols, identities: Identities
) -> AsyncIterator[Sequence[VenueReport]]:
    """Batches of changes since the last look, from now on, until the stream is worth another try.

    Raises:
        VenueUnavailable: questions are not answered either.
    """
    poll = _Poll(connection, symbols, identities)
    await poll.look()
    return poll.batches()


class _Poll:
    """The state of polling: open orders at the last look, the time of the last trades, and the newest reported ones."""

    def __init__(self, connection: ExchangeConnection, symbols: Symbols, identities: Identities) -> None:
        self._connection = connection
        self._symbols = symbols
        self._identities = identities
        self._open: dict[_Key, Raw] = {}
        self._since = self._now()
        self._told: set[tuple[str, str, str | None]] = set()
        # What was answered before is compared by whoever listens from here on.
        identities.take_answered()

    def _now(self) -> Nanos:
        return Nanos(self._connection.ccxt.nonce() * NANOS_PER_MILLISECOND)

    async def batches(self) -> AsyncIterator[Sequence[VenueReport]]:
        """The reports of each look."""
        for _ in range(POLLS):
            await asyncio.sleep(POLL_SECONDS)
            found = await self.look()
            if found:
                yield found

    async def look(self) -> list[VenueReport]:
        """Trades since the last look, and orders that were met, changed or ended since then."""
        with self._connection.asking():
            await self._symbols.refresh()
            # Before asking: what is answered from now on may not be in what the questions find.
            answered = self._identities.take_answered()
            changed, gone = await self._orders()
            gone |= answered
            trades = await self._trades()
            # An order may have come and gone between two looks: its answers and its trades tell of it.
            gone |= {(trade["symbol"], trade["order"]) for trade in trades if trade["order"] is not None}
            changed += await self._ended(gone - self._open.keys())
            ours = self._symbols.ours
            fills = [venue_execution(trade, ours, await self._identities.of_trade(trade)) for trade in trades]
            return [*fills, *(venue_order(raw, ours) for raw in changed)]

    async def _orders(self) -> tuple[list[Raw], set[_Key]]:
        """Open orders that are not as they were, and those that are no longer open."""
        now = {(raw["symbol"], raw["id"]): raw for raw in await self._connection.call("fetch_open_orders")}
        for raw in now.values():
            self._identities.learn(raw)
        before, self._open = self._open, now
        return [raw for key, raw in now.items() if raw != before.get(key)], before.keys() - now.keys()

    async def _ended(self, keys: Iterable[_Key]) -> list[Raw]:
        """The state of orders that are not open any more."""
        found: list[Raw] = []
        for symbol, order_id in keys:
            try:
                raw = await self._connection.call("fetch_order", order_id, symbol)
            except ExchangeFailure as failure:
                if failure.fate is not Fate.NOT_THERE:
                    raise
                continue
            self._identities.learn(raw)
            found.append(raw)
        return found

    async def _trades(self) -> list[Raw]:
        """Trades that were not reported yet."""
        since, self._since = Nanos(self._since - _OVERLAP_NANOS), self._now()
        found = [
            trade
            for terms in self._symbols.all.values()
            for trade in await trades_since(self._connection, terms["symbol"], since)
        ]
        fresh = [trade for trade in found if identity(trade) not in self._told]
        self._told = {identity(trade) for trade in found}
        return fresh
