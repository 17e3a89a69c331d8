"""Rates between currencies, pure: the instruments that quote a pair, and the rate that the newest quotes give.

A spot instrument of class FX or CRYPTO quotes a pair when its symbol is its base currency followed by the currency of
its prices (``EURUSD.OANDA``, ``EUR/USD``, ``BTC-USDT``). It serves in both directions. Where no instrument quotes two
currencies directly, pairs are chained: JPY converts to EUR by USDJPY and EURUSD.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from uuid import UUID

from domain.kernel.numbers import ONE, ZERO
from domain.market.costs import to_average
from domain.market.types import AssetClass, Instrument, Quote

QuoteOf = Callable[[str], Quote | None]
IsStale = Callable[[str], bool]
# The currencies of an amount, and of what it is to become.
RateOf = Callable[[str, str], Decimal | None]

_PAIRED = (AssetClass.FX, AssetClass.CRYPTO)
# No way between two currencies is longer, and of those that are as short no more are looked at.
MAX_LEGS = 4
MAX_WAYS = 8


def no_rate(source: str, target: str) -> Decimal | None:  # noqa: ARG001  a ``RateOf``
    """A rate source that has no rates: for accounts of one currency."""
    return None


@dataclass(frozen=True, slots=True)
class Conversion:
    """The value of one unit of a currency in another; ``symbol`` is the instrument that gives it, or that lacks it.

    ``symbol`` None: no instruments join the two currencies. ``rate`` None: a pair that is needed was never quoted.
    """

    rate: Decimal | None
    symbol: str | None = None
    stale: bool = False

    @property
    def fresh(self) -> Decimal | None:
        """The rate; None if it is too old to decide on."""
        return None if self.stale else self.rate


SAME_CURRENCY = Conversion(ONE)


def base_currency(instrument: Instrument) -> str | None:
    """The base currency of a spot pair; None for any other instrument."""
    if instrument.asset_class not in _PAIRED:
        return None
    quoted = re.escape(instrument.currency)
    match = re.fullmatch(rf"([A-Z0-9]{{2,12}}?)[/._-]?{quoted}(?:[.:=].*)?", instrument.symbol)
    return match[1] if match is not None and match[1] != instrument.currency else None


@dataclass(frozen=True, slots=True)
class _Leg:
    """An instrument that quotes a pair: the price of the base, or (``inverse``) of the quoted currency."""

    symbol: str
    inverse: bool


# From one currency to the next, every instrument that quotes the two, the first choice first; and such steps in a row.
_Step = tuple[_Leg, ...]
_Path = tuple[_Step, ...]


class CurrencyPairs:
    """The pairs that instruments quote, and the shortest chains of pairs between currencies.

    Preference within a pair: FX before CRYPTO, direct before inverse, then by symbol. Chains use as few pairs as
    possible, at most ``MAX_LEGS``; equally short chains are ordered by their currencies.
    """

    def __init__(self, instruments: Iterable[Instrument]) -> None:
        found: dict[tuple[str, str], list[_Leg]] = {}
        pairs = [(instrument, base) for instrument in instruments if (base := base_currency(instrument)) is not None]
        for instrument, base in sorted(pairs, key=lambda pair: (_PAIRED.index(pair[0].asset_class), pair[0].symbol)):
            found.setdefault((base, instrument.currency), []).append(_Leg(instrument.symbol, inverse=False))
        direct = {pair: list(legs) for pair, legs in found.items()}
        for (base, quoted), legs in direct.items():
            found.setdefault((quoted, base), []).extend(_Leg(leg.symbol, inverse=True) for leg in legs)
        self._steps: dict[tuple[str, str], _Step] = {pair: tuple(legs) for pair, legs in found.items()}
        self._next: dict[str, list[str]] = {}
        for source, target in sorted(self._steps):
            self._next.setdefault(source, []).append(target)
        self._paths: dict[tuple[str, str], list[_Path]] = {}

    def symbols(self, source: str, target: str) -> list[str]:
        """The instruments that convert ``source`` into ``target``, the first choice first."""
        found = (leg.symbol for path in self._ways(source, target) for step in path for leg in step)
        return list(dict.fromkeys(found))

    def rate(self, source: str, target: str, quote_of: QuoteOf) -> Decimal | None:
        """One unit of ``source`` in ``target`` at the newest quote, however old; None when there is none."""
        return self.conversion(source, target, quote_of).rate

    def conversion(
        self, source: str, target: str, quote_of: QuoteOf, is_stale: IsStale = lambda _: False
    ) -> Conversion:
        """The conversion with its freshness: the first chain that is fresh, else the first that has a rate.

        A chain is fresh if each of its pairs is. ``symbol`` names the pair that makes it stale or unknown, else the
        first one.
        """
        if source == target:
            return SAME_CURRENCY
        known = unknown = None
        for path in self._ways(source, target):
            conversion = _along(path, quote_of, is_stale)
            if conversion.fresh is not None:
                return conversion
            if conversion.rate is not None:
                known = known or conversion
            else:
                unknown = unknown or conversion
        return known or unknown or Conversion(None)

    def _ways(self, source: str, target: str) -> list[_Path]:
        """All shortest chains from one currency to another; none where pairs do not join them."""
        if source not in self._next or target not in self._next:
            return []
        found = self._paths.get((source, target))
        if found is None:
            found = self._paths[source, target] = self._search(source, target)
        return found

    def _search(self, source: str, target: str) -> list[_Path]:
        reached: set[str] = {source}
        ways: list[tuple[str, ...]] = [(source,)]
        for _ in range(MAX_LEGS):
            ways = [(*way, after) for way in ways for after in self._next[way[-1]] if after not in reached]
            reached |= {way[-1] for way in ways}
            arrived = [way for way in ways if way[-1] == target][:MAX_WAYS]
            if arrived:
                return [tuple(self._steps[pair] for pair in pairwise(way)) for way in arrived]
        return []


def _along(path: _Path, quote_of: QuoteOf, is_stale: IsStale) -> Conversion:
    """The value of a unit along one chain: multiplied by direct quotes, divided by inverse ones, rounded once."""
    times = by = ONE
    taken, stale = [], []
    for step in path:
        priced = [(leg, price) for leg in step if (price := _price(quote_of(leg.symbol))) is not None]
        if not priced:
            return Conversion(None, step[0].symbol)
        leg, price = next((pair for pair in priced if not is_stale(pair[0].symbol)), priced[0])
        taken.append(leg.symbol)
        if is_stale(leg.symbol):
            stale.append(leg.symbol)
        if leg.inverse:
            by *= price
        else:
            times *= price
    rate = times if by == ONE else to_average(times / by)
    return Conversion(rate, (stale or taken)[0], stale=bool(stale))


def _price(quote: Quote | None) -> Decimal | None:
    price = quote.mark if quote is not None else None
    return None if price is None or price <= ZERO else price


class InstrumentIndex(dict[UUID, Instrument]):
    """All instruments by id, with the currency pairs that they quote. Do not change it after ``pairs`` was read."""

    @cached_property
    def pairs(self) -> CurrencyPairs:
        """The pairs, computed once."""
        return CurrencyPairs(self.values())
