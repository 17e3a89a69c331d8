"""Prices as facts for detectors: each price that this process sees within a second of the next, and open markets.

A feed that sends a price every two seconds is silent after ten: to know this, every price must be read. Prices
that follow each other faster than they are read count as one; a pause below a second means nothing. A time that this
process could not observe (before its start, or during an outage of the database) is no pause of a symbol.
"""

from datetime import datetime, timedelta

from domain.anomalies.facts import Fact, MarketChecked, Quoted
from domain.kernel.time import Nanos
from domain.market.market import Market

# What was gathered is read by the detectors so often: less often the more symbols there are, because what is learnt of
# each is stored every time.
LEAST_PAUSE, MOST_PAUSE, PAUSE_FOR_SYMBOL = timedelta(seconds=20), timedelta(seconds=60), timedelta(milliseconds=50)
MAX_FACTS = 20_000


class PriceFacts:
    """Gathers facts between two readings of the detectors."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._newest: dict[str, Nanos] = {}
        self._facts: list[Fact] = []
        self._read_at: datetime | None = None

    def look(self, now: datetime) -> None:
        """Read the prices since the last call; if too many are unread, start again with the newest."""
        if len(self._facts) >= MAX_FACTS:
            self._facts.clear()
            self._newest.clear()
        for quote in self._market.quotes():
            age = self._market.age(quote.symbol)
            before = self._newest.get(quote.symbol)
            if age is None or before == quote.at:
                continue
            self._newest[quote.symbol] = quote.at
            if before is None:
                self._facts.append(MarketChecked(quote.symbol, is_open=False, at=now - age))
            self._facts.append(Quoted(quote.symbol, now - age, quote.mid))

    async def due(self, now: datetime) -> list[Fact]:
        """The facts that are to be read now, and which markets are open; none before it is time again."""
        self._read_at = self._read_at or now
        pause = min(max(LEAST_PAUSE, PAUSE_FOR_SYMBOL * len(self._newest)), MOST_PAUSE)
        if now - self._read_at < pause:
            return []
        catalog = await self._market.catalog()
        known = [instrument for symbol, instrument in catalog.by_symbol.items() if symbol in self._newest]
        return self._facts + [MarketChecked(one.symbol, self._market.is_open(one, now), now) for one in known]

    def were_read(self, now: datetime) -> None:
        """Forget what ``due`` gave: the detectors have read it."""
        self._facts.clear()
        self._read_at = now
