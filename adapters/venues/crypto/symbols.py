"""The mapping between an exchange's symbols and our instruments."""

from collections.abc import Mapping
from typing import Any, Protocol

import structlog

from adapters.venues.crypto.connection import ExchangeConnection
from domain.market.market import Catalog
from domain.market.types import AssetClass, Instrument

Terms = Mapping[str, Any]
_log = structlog.stdlib.get_logger("venue")


class Instruments(Protocol):
    """The used part of ``domain.market.market.Market``."""

    async def catalog(self) -> Catalog:
        """The instruments as cached in this process."""
        ...

    async def refresh(self) -> Catalog:
        """The instruments, after a comparison with the database."""
        ...


def is_traded_at(instrument: Instrument, exchange: str) -> bool:
    """True if an instrument is a spot symbol of an exchange: the exchange that it names, in any case."""
    return instrument.asset_class is AssetClass.CRYPTO and instrument.exchange.lower() == exchange


def exchange_symbol(instrument: Instrument) -> str:
    """The exchange's symbol of an instrument: its venue symbol, else our symbol without the exchange's name."""
    return instrument.venue_symbol or instrument.symbol.removesuffix(f".{instrument.exchange}")


class Symbols:
    """The symbols that both sides know, as of the last ``refresh``."""

    def __init__(self, connection: ExchangeConnection, market: Instruments) -> None:
        self._connection = connection
        self._market = market
        self._catalog: Catalog | None = None
        self._version = 0
        self._strange: set[str] = set()
        self._terms: dict[str, Terms] = {}
        self._ours: dict[str, str] = {}

    async def refresh(self) -> None:
        """Take over the instruments cached in this process."""
        catalog, version = await self._market.catalog(), self._connection.terms_version
        if catalog is self._catalog and version == self._version:
            return
        exchange = self._connection.dialect.exchange
        here = [instrument for instrument in catalog.by_symbol.values() if is_traded_at(instrument, exchange)]
        found = {instrument.symbol: self._connection.market(exchange_symbol(instrument)) for instrument in here}
        self._terms = {symbol: terms for symbol, terms in found.items() if terms is not None}
        strange = found.keys() - self._terms.keys()
        if strange != self._strange:
            _log.warning("instruments that the exchange does not know", exchange=exchange, symbols=sorted(strange))
            self._strange = strange
        # Of several instruments that mean one symbol there, the first by name is told of what happens to it.
        self._ours = {terms["symbol"]: symbol for symbol, terms in reversed(self._terms.items())}
        self._catalog, self._version = catalog, version

    @property
    def all(self) -> Mapping[str, Terms]:
        """The exchange's terms of all instruments that are traded there, by our symbol."""
        return self._terms

    async def find(self, symbol: str) -> Terms | None:
        """The exchange's terms of one of our symbols, also of an instrument that was created a moment ago."""
        await self.refresh()
        if symbol not in self._terms and symbol not in (await self._market.catalog()).by_symbol:
            await self._market.refresh()
            await self.refresh()
        return self._terms.get(symbol)

    def ours(self, name: str) -> str:
        """Our symbol of one of ccxt's; the same name where it is no instrument of ours."""
        return self._ours.get(name, name)
