"""Rates between currencies, pure: which instruments quote a pair, and what the newest quotes make of it.

A spot instrument of class FX or CRYPTO whose symbol is its base currency followed by the currency of its prices
(``EURUSD.OANDA``, ``EUR/USD``, ``BTC-USDT``) quotes that pair. It serves in both directions; pairs are not chained.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from uuid import UUID

from domain.kernel.numbers import ONE, ZERO, to_average
from domain.market.types import AssetClass, Instrument, Quote

QuoteOf = Callable[[str], Quote | None]
IsStale = Callable[[str], bool]
# The currencies of an amount, and of what it is to become.
RateOf = Callable[[str, str], Decimal | None]

_PAIRED = (AssetClass.FX, AssetClass.CRYPTO)


def no_rate(source: str, target: str) -> Decimal | None:  # noqa: ARG001  a ``RateOf``
    """For who has one currency only."""
    return None


@dataclass(frozen=True, slots=True)
class Conversion:
    """What one unit of a currency is in another; ``symbol`` is the instrument that says so.

    ``symbol`` None: no instrument quotes the pair. ``rate`` None: none of those that do was ever quoted.
    """

    rate: Decimal | None
    symbol: str | None = None
    stale: bool = False

    @property
    def fresh(self) -> Decimal | None:
        """The rate, unless it is too old to decide on."""
        return None if self.stale else self.rate


SAME_CURRENCY = Conversion(ONE)


def base_currency(instrument: Instrument) -> str | None:
    """The currency that a spot pair is a price of; None for anything else."""
    if instrument.asset_class not in _PAIRED:
        return None
    quoted = re.escape(instrument.currency)
    match = re.fullmatch(rf"([A-Z0-9]{{2,12}}?)[/._-]?{quoted}(?:[.:=].*)?", instrument.symbol)
    return match[1] if match is not None and match[1] != instrument.currency else None


class CurrencyPairs:
    """The pairs that instruments quote: FX before CRYPTO, direct before inverse, then by symbol."""

    def __init__(self, instruments: Iterable[Instrument]) -> None:
        self._found: dict[tuple[str, str], list[tuple[str, bool]]] = {}
        pairs = [(instrument, base) for instrument in instruments if (base := base_currency(instrument)) is not None]
        for instrument, base in sorted(pairs, key=lambda pair: (_PAIRED.index(pair[0].asset_class), pair[0].symbol)):
            self._found.setdefault((base, instrument.currency), []).append((instrument.symbol, False))
        direct = {pair: list(symbols) for pair, symbols in self._found.items()}
        for (base, quoted), symbols in direct.items():
            self._found.setdefault((quoted, base), []).extend((symbol, True) for symbol, _ in symbols)

    def symbols(self, source: str, target: str) -> list[str]:
        """The instruments that say what ``source`` is in ``target``, the first choice first."""
        return [symbol for symbol, _ in self._found.get((source, target), ())]

    def rate(self, source: str, target: str, quote_of: QuoteOf) -> Decimal | None:
        """One unit of ``source`` in ``target`` at the newest quote there is, however old; None when there is none."""
        return self.conversion(source, target, quote_of).rate

    def conversion(
        self, source: str, target: str, quote_of: QuoteOf, is_stale: IsStale = lambda _: False
    ) -> Conversion:
        """The same, with whether it may be relied on: the first fresh quote, else the first that there is."""
        if source == target:
            return SAME_CURRENCY
        known: Conversion | None = None
        choices = self._found.get((source, target), ())
        for symbol, inverse in choices:
            rate = _rate(quote_of(symbol), inverse=inverse)
            if rate is None:
                continue
            if not is_stale(symbol):
                return Conversion(rate, symbol)
            known = known or Conversion(rate, symbol, stale=True)
        return known or Conversion(None, choices[0][0] if choices else None)


def _rate(quote: Quote | None, *, inverse: bool) -> Decimal | None:
    price = quote.mark if quote is not None else None
    if price is None or price <= ZERO:
        return None
    return to_average(ONE / price) if inverse else price


class InstrumentIndex(dict[UUID, Instrument]):
    """All instruments by id, with the pairs of currencies that they quote. Not changed once it is asked for pairs."""

    @cached_property
    def pairs(self) -> CurrencyPairs:
        """The pairs, found once."""
        return CurrencyPairs(self.values())
