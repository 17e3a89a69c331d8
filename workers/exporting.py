"""Exports time series to an external store, in batches, one worker at a time, without delaying other work.

Bars and equity are read from the database by cursor: unwritten rows are read again, however long the store
was away. Of quotes the newest of each symbol is kept meanwhile, of the platform's load the last ten minutes.
"""

import asyncio
import time
from collections import deque
from collections.abc import Sequence

import structlog

from adapters.database.leases import hold_lease
from adapters.series.influx import BadLines, InfluxWriter, NotWritten
from adapters.wiring import ProcessServices
from domain.kernel.errors import Unavailable
from domain.kernel.retry import Backoff
from domain.kernel.retry_policies import SERIES
from domain.kernel.supervision import Guarded
from domain.kernel.time import Nanos
from domain.kernel.unit_of_work import unit_of_work
from domain.system.series import queries
from domain.system.series.lines import LinePoint, line_of
from domain.system.series.points import of_health, of_metrics, of_quote

ROLE = "series"
EVERY_SECONDS = 2.0
MEASURE_SECONDS = 10.0
# Bars that still grow are written so often.
GROW_SECONDS = 60.0
MAX_MEASURED = 3_000
_log = structlog.stdlib.get_logger("series")


class Exporting:
    """One worker's part, which is all of it while it holds the lease."""

    def __init__(
        self, services: ProcessServices, every_seconds: float = EVERY_SECONDS, grow_seconds: float = GROW_SECONDS
    ) -> None:
        self._services = services
        self._every_seconds = every_seconds
        self._grow_seconds = grow_seconds
        self._grown_at = float("-inf")
        self._quoted: dict[str, Nanos] = {}
        self._measured: deque[LinePoint] = deque(maxlen=MAX_MEASURED)
        self._measured_at = float("-inf")

    async def run(self) -> None:
        """Export until cancelled; where no store is set, do nothing."""
        settings = self._services.settings
        if not settings.influx_url:
            await asyncio.Event().wait()
        writer = InfluxWriter(settings.influx_url, settings.influx_database, settings.influx_token)
        backoff = Backoff(SERIES)
        try:
            while True:
                with Guarded(_log, "time series cannot be exported, will retry"):
                    async with hold_lease(settings.database_url, ROLE) as lease:
                        while not lease.lost.is_set():
                            await self._step(writer, backoff)
                await backoff.wait()
        finally:
            writer.close()

    async def _step(self, writer: InfluxWriter, backoff: Backoff) -> None:
        """Write everything that is new, then wait."""
        try:
            full = await self.export(writer)
        except NotWritten as problem:
            _log.warning("time series wait", reason=problem.reason, seldom=True)
            await backoff.wait()
            return
        backoff.succeeded()
        if not full:
            await asyncio.sleep(self._every_seconds)

    async def export(self, writer: InfluxWriter) -> bool:
        """Write the new points once; returns True if there are more.

        Raises:
            NotWritten: the store did not take it; nothing counts as exported that it has not taken.
            Unavailable: the database cannot be reached.
        """
        await self._measure()
        quotes = [quote for quote in self._services.market.quotes() if self._quoted.get(quote.symbol) != quote.at]
        await self._write(writer, [*map(of_quote, quotes), *self._measured])
        self._measured.clear()
        self._quoted |= {quote.symbol: quote.at for quote in quotes}
        batches = [await self._write_stored(writer, await queries.next_bars(one)) for one in queries.INTERVALS]
        batches.append(await self._write_stored(writer, await queries.next_equity()))
        if time.monotonic() - self._grown_at >= self._grow_seconds:
            self._grown_at = time.monotonic()
            await self._write(writer, await queries.newest_bars())
        return any(batches)

    async def _measure(self) -> None:
        now = time.monotonic()
        if now - self._measured_at < MEASURE_SECONDS:
            return
        self._measured_at = now
        inspection = self._services.inspection
        try:
            metrics, health = await inspection.metrics(), await inspection.health()
        except Unavailable:
            return
        self._measured.append(of_metrics(metrics))
        self._measured.extend(of_health(health, metrics.at))

    async def _write_stored(self, writer: InfluxWriter, batch: queries.PointBatch) -> bool:
        await self._write(writer, batch.points)
        if batch.reached:
            async with unit_of_work(self._services.bus) as work:
                await queries.write_cursors(work, batch.reached)
        return batch.is_full

    async def _write(self, writer: InfluxWriter, points: Sequence[LinePoint]) -> None:
        lines = [line for point in points if (line := line_of(point)) is not None]
        for start in range(0, len(lines), queries.MAX_AT_ONCE):
            try:
                await writer.write(lines[start : start + queries.MAX_AT_ONCE])
            except BadLines as problem:
                # Lines that it will never take must not hold up those behind them.
                _log.error("the store refuses lines", reason=problem.reason, first=lines[start][:200])
