"""Use cases on the market: create and change instruments, publish quotes, find instruments and bars."""

from bisect import bisect_left, bisect_right
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.access.audit import record, target_of
from domain.access.repeats import Repeats
from domain.access.types import Actor, Role, require_role
from domain.kernel.bus import Bus
from domain.kernel.cache import bump
from domain.kernel.errors import BadInput, Conflict, NotFound
from domain.kernel.pages import Page, PageRequest, encode_cursor, make_page
from domain.kernel.text import clean_text
from domain.kernel.time import Nanos
from domain.kernel.unit_of_work import UnitOfWork, unit_of_work
from domain.market import instrument_store, queries
from domain.market.calendars import is_known
from domain.market.clocks import REPLAY
from domain.market.market import TOPIC, Market
from domain.market.rules import CHANGEABLE, MAX_QUOTES, InstrumentChange, changed, check_instrument, check_quote
from domain.market.types import AssetClass, Bar, BarInterval, BarSearch, Instrument, Quote, QuoteTick

MAX_BARS = 500
MAX_REPLAY = 40
MAX_SYMBOLS = 500


@dataclass(frozen=True, slots=True)
class InstrumentFilter:
    """A filter of instruments: all given conditions must match; ``search`` is found in symbol or name, in any case."""

    search: str | None = None
    exchange: str | None = None
    asset_class: AssetClass | None = None
    tradable: bool | None = None

    def matches(self, instrument: Instrument) -> bool:
        """True if ``instrument`` matches."""
        if self.search is not None:
            wanted = self.search.casefold()
            if wanted not in instrument.symbol.casefold() and wanted not in instrument.name.casefold():
                return False
        return (
            (self.exchange is None or instrument.exchange == self.exchange)
            and (self.asset_class is None or instrument.asset_class is self.asset_class)
            and (self.tradable is None or instrument.tradable is self.tradable)
        )


async def create_instrument(bus: Bus, market: Market, actor: Actor, instrument: Instrument) -> Instrument:
    """Add an instrument; this process has it at once, others at their next use of it.

    Raises:
        Forbidden: the actor is no administrator.
        BadInput: a term that cannot be, or a calendar that does not exist.
        Conflict: the symbol is taken.
    """
    require_role(actor, Role.ADMIN)
    instrument = check_instrument(instrument)
    if not await is_known(instrument.calendar, (await market.refresh()).calendars):
        message = "There is no such calendar: 24/7, one of `calendars`, or a code of exchange_calendars such as XNYS."
        raise BadInput(message, field="calendar")
    async with unit_of_work(bus) as work:
        if not await instrument_store.insert_instrument(work, instrument):
            raise Conflict(f"The instrument {instrument.symbol} exists already.")
        await bump(work, TOPIC)
        await record(work, actor, "createInstrument", target_of("instrument", instrument.symbol))
    await market.refresh()
    return instrument


# What else belongs to the transaction that changes an instrument: told who does it, and the terms after it.
AlsoChanged = Callable[[UnitOfWork, Actor, Instrument], Awaitable[None]]


async def update_instrument(
    bus: Bus, market: Market, actor: Actor, symbol: str, change: InstrumentChange, *, also: AlsoChanged | None = None
) -> Instrument:
    """Change the given terms of an instrument; the rest stays. ``also`` runs with it when anything changes.

    Raises:
        Forbidden: the actor is no administrator.
        NotFound: there is no such instrument.
        BadInput: a term that cannot be.
    """
    require_role(actor, Role.ADMIN)
    async with unit_of_work(bus) as work:
        before = await instrument_store.lock_instrument(work, symbol)
        if before is None:
            raise NotFound(f"There is no instrument {symbol[:40]!r}.", field="symbol")
        after = changed(before, change)
        if after != before:
            await instrument_store.update_instrument(work, after)
            await bump(work, TOPIC)
            changes = {
                name: getattr(after, name) for name in CHANGEABLE if getattr(after, name) != getattr(before, name)
            }
            detail = {name: str(value) for name, value in changes.items()}
            await record(work, actor, "updateInstrument", target_of("instrument", symbol), detail=detail)
            if also is not None:
                await also(work, actor, after)
    await market.refresh()
    return after


async def publish_quotes(
    market: Market,
    actor: Actor,
    quotes: Sequence[QuoteTick],
    replay: str | None = None,
    repeats: Repeats | None = None,
) -> int:
    """Put a client's quotes on the tick stream, all or none, and return their number.

    When this returns, this process shows them, and orders placed from now on meet them; quotes that are late by their
    own time change nothing. ``replay`` names a past market that is replayed, with a clock of its own. ``repeats``
    writes one audit entry per actor, source and minute, because a feed calls too often for one each.

    Raises:
        Forbidden: the actor is no administrator.
        BadInput: too many quotes, a bad one (``index`` says which), or an unknown replay name.
        Unavailable: the stream cannot be reached.
    """
    require_role(actor, Role.ADMIN)
    if len(quotes) > MAX_QUOTES:
        raise BadInput(f"At most {MAX_QUOTES} quotes fit in one batch.", field="quotes")
    name = None if replay is None else clean_text(replay, field="replay", max_length=MAX_REPLAY)
    source = "" if name is None else f"{REPLAY}client:{name}"
    known = (await market.catalog()).by_symbol
    if any(quote.symbol not in known for quote in quotes):
        known = (await market.refresh()).by_symbol
    latest = Nanos(Nanos.now() + market.bounds.max_ahead)
    for index, quote in enumerate(quotes):
        check_quote(quote, known.get, index, latest)
    if quotes:
        await market.reached(await market.ticks.publish(quotes, source=source))
    if repeats is not None:
        await repeats.note(actor, "publishQuotes", target_of("quotes", name or "live"), quotes=len(quotes))
    return len(quotes)


async def find_quotes(market: Market, symbols: Sequence[str]) -> list[Quote]:
    """The newest quotes of the given symbols, in their order; symbols without a quote are left out.

    Raises:
        BadInput: too many symbols.
        NotFound: a symbol that does not exist.
    """
    await check_symbols(market, symbols)
    return [quote for symbol in symbols if (quote := market.quote(symbol)) is not None]


async def check_symbols(market: Market, symbols: Sequence[str]) -> None:
    """Check that symbols exist and are not too many.

    Raises:
        BadInput: too many symbols.
        NotFound: a symbol that does not exist.
    """
    if len(symbols) > MAX_SYMBOLS:
        raise BadInput(f"At most {MAX_SYMBOLS} symbols can be asked for at once.", field="symbols")
    for symbol in symbols:
        await market.find(symbol, field="symbols")


async def find_bars(
    market: Market, symbol: str, interval: BarInterval, since: datetime | None, until: datetime | None, limit: int
) -> list[Bar]:
    """Bars that open from ``since`` on and before ``until``, oldest first.

    When there are more than ``limit``: the first ones after ``since`` if that is given, else the last ones.

    Raises:
        BadInput: a limit outside 1 to 500, or a window that ends before it begins.
        NotFound: there is no such instrument.
    """
    if not 1 <= limit <= MAX_BARS:
        raise BadInput(f"A page holds 1 to {MAX_BARS} bars.", field="limit")
    if since is not None and until is not None and until < since:
        raise BadInput("The end is before the start.", field="to")
    return await queries.read_bars(await market.find(symbol), interval, since, until, limit)


async def page_bars(market: Market, request: PageRequest, search: BarSearch) -> Page[Bar]:
    """A page of the bars that match, newest first.

    Raises:
        BadInput: a window that ends before it begins, or the cursor belongs to another list.
        NotFound: there is no such instrument.
    """
    if search.since is not None and search.until is not None and search.until < search.since:
        raise BadInput("The end is before the start.", field="to")
    return await queries.page_bars(await market.find(search.symbol), request, search)


async def count_bars(market: Market, search: BarSearch) -> int:
    """The number of bars that match."""
    return await queries.count_bars(await market.find(search.symbol), search)


async def page_instruments(market: Market, request: PageRequest, wanted: InstrumentFilter) -> Page[Instrument]:
    """A page of instruments by symbol."""
    catalog = (await market.refresh()).by_symbol
    symbols = list(catalog)
    found: list[Instrument] = []
    for index in _places(symbols, request):
        instrument = catalog[symbols[index]]
        if wanted.matches(instrument):
            found.append(instrument)
            if len(found) > request.size:
                break
    return make_page(request, found, lambda instrument: encode_cursor(instrument.symbol))


def _places(symbols: Sequence[str], request: PageRequest) -> range:
    """The cursor's position, in the direction of the request."""
    if request.backward:
        last = len(symbols) if request.key is None else bisect_left(symbols, request.key[0])
        return range(last - 1, -1, -1)
    return range(0 if request.key is None else bisect_right(symbols, request.key[0]), len(symbols))


async def count_instruments(market: Market, wanted: InstrumentFilter) -> int:
    """The number of instruments that match."""
    return sum(map(wanted.matches, (await market.catalog()).by_symbol.values()))
