"""The market in one process: instruments, their newest quotes and their trading hours.

Every process that decides or displays holds one. Instruments are cached by version. Quotes come from the database once
and then from the tick stream, so all processes agree.
"""

import asyncio
import contextvars
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from types import TracebackType
from typing import Any, Self, cast
from uuid import UUID

import structlog

from domain.kernel.cache import VersionedCache
from domain.kernel.concurrency import end_tasks
from domain.kernel.day_roll import DayRoll
from domain.kernel.errors import NotFound, Unavailable
from domain.kernel.retry import Backoff
from domain.kernel.retry_policies import MARKET
from domain.kernel.supervision import Guarded
from domain.kernel.time import NANOS_PER_SECOND, Nanos
from domain.market.board import QuoteBoard
from domain.market.calendar_store import read_calendars
from domain.market.calendars import load_schedules
from domain.market.clocks import USUAL_BOUNDS, ClockBounds
from domain.market.instrument_store import read_instruments
from domain.market.queries import read_market
from domain.market.rates import SAME_CURRENCY, Conversion, InstrumentIndex
from domain.market.session_rules import CalendarRule
from domain.market.sessions import ALWAYS_OPEN, Schedule, TradingDay, rolling_day
from domain.market.stream import BEGINNING, PositionedTick, TickStream, order_of, received_at
from domain.market.types import Instrument, Quote

TOPIC = "instruments"
# Who stores quotes and bars, as a consumer of the tick stream.
RECORDER = "recorder"

_CATCH_UP_SECONDS = 5.0
# A symbol that nobody has created (left in the stream by another installation) is looked up again this often.
_STRANGE_NANOS = 10 * NANOS_PER_SECOND
_MAX_STRANGE = 1_000
_log = structlog.stdlib.get_logger("market")


@dataclass(frozen=True, slots=True)
class Catalog:
    """All instruments, by symbol in the order of symbols, their schedules, and the calendars that people created."""

    by_symbol: Mapping[str, Instrument]
    by_id: InstrumentIndex
    schedules: Mapping[str, Schedule]
    calendars: Mapping[str, CalendarRule] = field(default_factory=dict)


class Market:
    """The instruments, quotes and hours of one process. Used as a context: it follows the tick stream inside."""

    def __init__(
        self,
        ticks: TickStream,
        day_roll: DayRoll,
        *,
        bounds: ClockBounds = USUAL_BOUNDS,
        clock: Callable[[], int] = Nanos.now,
    ) -> None:
        self.ticks = ticks
        self.bounds = bounds
        self.instruments: VersionedCache[Catalog] = VersionedCache(TOPIC, self._load)
        self.board = self.new_board(clock)
        self._day_roll = day_roll
        self._clock = clock
        self._catalog = Catalog({}, InstrumentIndex(), {})
        self._days: dict[str, TradingDay] = {}
        # When symbols were looked up in vain.
        self._strange: dict[str, int] = {}
        self._position = BEGINNING
        self._advanced = asyncio.Condition()
        self._following: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.refresh()
        stored = await read_market(RECORDER)
        self.board.restore(stored.quotes)
        self._position = stored.position
        # A context of its own: it must not inherit the opener's request or transaction.
        self._following = asyncio.get_running_loop().create_task(self._follow(), context=contextvars.Context())
        await self.reached(await self.ticks.last_position())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._following is not None:
            await end_tasks(self._following)

    def new_board(self, clock: Callable[[], int] = Nanos.now) -> QuoteBoard:
        """An empty board with this market's days and bounds."""
        return QuoteBoard(self.day_of, self.bounds, clock=clock)

    # -------------------------------------------------------------- instruments

    async def catalog(self) -> Catalog:
        """The instruments as cached here; a transaction that relies on them checks their version."""
        return await self.instruments.current()

    async def refresh(self) -> Catalog:
        """The instruments, after a comparison with the database."""
        return await self.instruments.refresh()

    async def find(self, symbol: str, *, field: str = "symbol") -> Instrument:
        """The instrument of a symbol given in ``field``; also one that another process has just created.

        Raises:
            NotFound: there is none.
        """
        found = (await self.catalog()).by_symbol.get(symbol) or (await self.refresh()).by_symbol.get(symbol)
        if found is None:
            raise NotFound(f"There is no instrument {symbol[:40]!r}.", field=field)
        return found

    def instrument(self, symbol: str) -> Instrument | None:
        """The instrument of a symbol in this process's cache."""
        return self._catalog.by_symbol.get(symbol)

    def known(self, instrument_id: UUID) -> Instrument:
        """The instrument of a stored row.

        Raises:
            Unavailable: it was created a moment ago elsewhere, and this process has not loaded it yet.
        """
        instrument = self._catalog.by_id.get(instrument_id)
        if instrument is None:
            raise Unavailable("This process does not know the instrument yet; try again.")
        return instrument

    # -------------------------------------------------------------- quotes

    def quote(self, symbol: str) -> Quote | None:
        """The newest quote, None if there never was one."""
        return self.board.get(symbol)

    def quote_at(self, instrument: Instrument, now: datetime) -> Quote | None:
        """The newest quote as of ``now``: before the day's first quote, the one of the day before is its close."""
        quote = self.board.get(instrument.symbol)
        if quote is None or instrument.price_limit_rate is None:
            # Who has no limits does not ask for the close.
            return quote
        symbol = instrument.symbol
        if self.board.is_replayed(symbol) or self.day_of(symbol, Nanos.of(now)).starts <= quote.at:
            return quote
        return replace(quote, previous_close=quote.reference)

    def quotes(self) -> Iterable[Quote]:
        """Every newest quote."""
        return self.board.all().values()

    def is_stale(self, symbol: str) -> bool:
        """True if there is no quote, or its own time is too long ago."""
        return self.board.is_stale(symbol)

    def age(self, symbol: str) -> timedelta | None:
        """The age of the newest quote, None if there never was one."""
        return self.board.age(symbol)

    def watch(self, symbols: Collection[str], interval_seconds: float) -> AsyncIterator[Quote]:
        """The quotes as they are now, then the newest of each symbol that has one, at most once per interval."""
        return self.board.watch(symbols, interval_seconds)

    @property
    def position(self) -> str:
        """The position in the tick stream up to which the board is current."""
        return self._position

    async def reached(self, position: str, timeout_seconds: float = _CATCH_UP_SECONDS) -> bool:
        """Wait until the board has applied the tick at ``position``, so that its publisher reads it back here."""
        wanted = order_of(position)
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds), self._advanced:
                await self._advanced.wait_for(lambda: order_of(self._position) >= wanted)
                return True
        return False

    def conversion(self, source: str, target: str) -> Conversion:
        """The value of one unit of ``source`` in ``target``, and whether it may be relied on."""
        if source == target:
            return SAME_CURRENCY
        return self._catalog.by_id.pairs.conversion(source, target, self.board.get, self.board.is_stale)

    def rate(self, source: str, target: str) -> Decimal | None:
        """The conversion rate at the newest quote, however old; None when there never was one."""
        return self.conversion(source, target).rate

    # -------------------------------------------------------------- trading hours

    def is_open(self, instrument: Instrument, now: datetime) -> bool:
        """True if the instrument's exchange trades at ``now``; False if its hours are not known."""
        if instrument.calendar == ALWAYS_OPEN:
            return True
        schedule = self._catalog.schedules.get(instrument.calendar)
        return schedule is not None and schedule.is_open(Nanos.of(now))

    def session_end(self, instrument: Instrument, now: datetime) -> datetime | None:
        """The end of the session at ``now``, or of the next one; None if there is none or it is not known."""
        schedule = self._catalog.schedules.get(instrument.calendar)
        end = schedule.session_end(Nanos.of(now)) if schedule is not None else None
        return end.to_datetime() if end is not None else None

    def session_start(self, instrument: Instrument, now: datetime) -> datetime | None:
        """The start of the session at ``now``, pauses included; None outside sessions, or where there are none."""
        schedule = self._catalog.schedules.get(instrument.calendar)
        start = schedule.session_start(Nanos.of(now)) if schedule is not None else None
        return start.to_datetime() if start is not None else None

    def day_of(self, symbol: str, at: Nanos) -> TradingDay:
        """The trading day of an instant for a symbol: its exchange's, else from day roll to day roll."""
        day = self._days.get(symbol)
        if day is None or not day.starts <= at < day.ends:
            day = self._days[symbol] = self._look_up_day(symbol, at)
        return day

    def _look_up_day(self, symbol: str, at: Nanos) -> TradingDay:
        instrument = self._catalog.by_symbol.get(symbol)
        schedule = self._catalog.schedules.get(instrument.calendar) if instrument is not None else None
        day = schedule.trading_day(at) if schedule is not None else None
        return day or rolling_day(self._day_roll, at)

    # -------------------------------------------------------------- inside

    async def _load(self) -> Catalog:
        instruments = await read_instruments()
        calendars = await read_calendars()
        schedules = await load_schedules({instrument.calendar for instrument in instruments}, calendars)
        self._catalog = Catalog(
            {instrument.symbol: instrument for instrument in instruments},
            InstrumentIndex((instrument.id, instrument) for instrument in instruments),
            schedules,
            calendars,
        )
        return self._catalog

    async def _follow(self) -> None:
        backoff = Backoff(MARKET)
        while True:
            with Guarded(_log, "following the market failed, starting again", position=self._position):
                # aclosing wants a generator, which readers of the stream are.
                async with aclosing(cast(Any, self.ticks.read(self._position))) as batches:
                    async for batch in batches:
                        await self.apply(batch)
                continue
            await backoff.wait()

    async def apply(self, batch: Collection[PositionedTick]) -> None:
        """Apply ticks of the stream, in order; ticks of unknown symbols are left out."""
        await self.learn(tick.symbol for _, tick in batch)
        known = self._catalog.by_symbol
        for position, tick in batch:
            # Before the tick: one that cannot be taken must not be met again after a restart.
            self._position = position
            if tick.symbol in known:
                self.board.apply(tick, received_at(position))
        async with self._advanced:
            self._advanced.notify_all()

    async def learn(self, symbols: Iterable[str]) -> None:
        """Reload instruments for unknown symbols: they may have been created a moment ago."""
        known, now = self._catalog.by_symbol, self._clock()
        strange = {symbol for symbol in symbols if symbol not in known}
        if all(now - self._strange.get(symbol, 0) < _STRANGE_NANOS for symbol in strange):
            return
        if len(self._strange) + len(strange) > _MAX_STRANGE:
            self._strange.clear()
        with suppress(Unavailable):
            await self.refresh()
        # Not before: whoever asks in the meantime has to wait for the answer as well, or leaves out a tick.
        self._strange.update(dict.fromkeys(strange, now))
