"""The venue role of the paper exchange: ticks and commands in, booked reports out.

One process at a time plays it (a lease). All that it knows is loaded at the start, and again after anything went
wrong: a step that fails leaves the database as it was, and the exchanges are built again from there. How far it has
come in the stream of ticks is stored with what came of them, so that each tick is matched once, whatever happens, as
long as the stream still holds it. Ticks that were published before a command was stored are seen before it: the stream
is drained between taking note and acting.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

import structlog

from adapters.leases import HeldLease
from domain.kernel.bus import Bus
from domain.kernel.errors import Unavailable
from domain.kernel.leases import LeaseLost, read_position
from domain.kernel.time import Nanos
from domain.market.market import Market
from domain.market.stream import BEGINNING, PositionedTick, TickStream, order_of, received_at
from domain.orders.applying import MAX_COMMANDS, Command, Step, last_command, take_step
from domain.orders.exchange.reports import Report
from domain.orders.order import Order
from domain.orders.paper import PAPER, PaperVenue
from domain.orders.queries import CANCEL, REARM, REPLACE, SUBMIT, open_order_ids, read_orders, wake_channel
from domain.orders.types import OrderStatus
from domain.positions.queries import read_open_everywhere

ROLE = f"venue:{PAPER}"
# Commands are looked for this often even if no wake-up comes, and orders expire this exactly.
IDLE_SECONDS = 0.25
_RETRY_SECONDS = 0.5
_RESTORE_RUN = 1_000
_MAX_REPORTS = 1_000
_MAX_PENDING = 20_000
_NOTE_SECONDS = 1.0
_log = structlog.stdlib.get_logger("venue")


class _OutOfStep(Exception):
    """Somebody changed fills or positions beside this venue: what it believes must be loaded anew."""


class PaperRouter:
    """Drives the paper venue while this process holds its lease."""

    def __init__(self, bus: Bus, market: Market, ticks: TickStream, lease: HeldLease) -> None:
        self._bus = bus
        self._market = market
        self._ticks = ticks
        self._lease = lease
        self._venue = PaperVenue({})
        self._accounts: dict[UUID, UUID] = {}
        # In the stream of ticks: up to where they have been taken in, matched, and noted in the database.
        self._seen = self._matched = BEGINNING
        self._noted: str | None = None
        self._noted_at = 0.0
        self._pending: list[PositionedTick] = []
        self._out_of_step = False
        self._wake = asyncio.Event()
        self._drained = asyncio.Event()

    async def run(self) -> None:
        """Work until the lease is lost or the task is cancelled."""
        listener = asyncio.create_task(self._listen())
        try:
            while not self._lease.lost.is_set():
                try:
                    await self._restore()
                    await self._read_and_work()
                except LeaseLost:
                    return
                except _OutOfStep:
                    _log.info("books were corrected, venue looks again")
                except Unavailable as error:
                    _log.warning("venue cannot go on, keeps trying", error=error.message)
                    await asyncio.sleep(_RETRY_SECONDS)
                except Exception:  # noqa: BLE001  whatever it was, it is met the same way
                    # Whatever it was, what is stored is whole: build everything again from there.
                    _log.exception("venue step failed")
                    await asyncio.sleep(_RETRY_SECONDS)
        finally:
            await _end(listener)

    async def _read_and_work(self) -> None:
        reader = asyncio.create_task(self._read_ticks())
        try:
            await self._work()
        finally:
            await _end(reader)

    async def _listen(self) -> None:
        async with self._bus.listen(wake_channel(PAPER)) as messages:
            async for _ in messages:
                self._wake.set()

    async def _read_ticks(self) -> None:
        async for batch in self._ticks.read(self._seen, consumer=ROLE):
            self._see(batch)
            self._wake.set()
            while len(self._pending) > _MAX_PENDING:
                # The stream holds the rest, and forgets the oldest when this stays behind for long.
                self._drained.clear()
                await self._drained.wait()

    async def _restore(self) -> None:
        """Build the exchanges from the stored quotes, positions and open orders; go on where the ticks were left."""
        noted = await read_position(ROLE)
        self._seen = self._matched = noted or await self._ticks.last_position()
        self._noted = noted
        self._pending.clear()
        self._drained.set()
        self._out_of_step = False
        catalog = await self._market.refresh()
        venue = PaperVenue(catalog.by_symbol)
        for quote in self._market.quotes():
            received = self._market.board.received(quote.symbol)
            assert received is not None, "a quote on the board has been received"
            venue.see_quote(quote, received)
        ids = await open_order_ids(PAPER)
        orders: list[Order] = []
        for start in range(0, len(ids), _RESTORE_RUN):
            found = await read_orders(ids[start : start + _RESTORE_RUN])
            orders += [found[order_id] for order_id in ids[start : start + _RESTORE_RUN] if order_id in found]
        held = [(catalog.by_id[row.instrument_id].symbol, row) for row in await read_open_everywhere(PAPER)]
        venue.restore(orders, held)
        self._venue = venue
        self._accounts = {order.id: order.account_id for order in orders}
        _log.info("paper exchange ready", orders=len(orders), positions=len(held), epoch=self._lease.epoch)

    async def _work(self) -> None:
        while not self._lease.lost.is_set():
            self._wake.clear()
            step = await self._step()
            if self._out_of_step:
                raise _OutOfStep
            if step.commands < MAX_COMMANDS and not self._pending:
                # Not wait_for: it loses a cancellation that comes together with the wake-up.
                with suppress(TimeoutError):
                    async with asyncio.timeout(IDLE_SECONDS):
                        await self._wake.wait()

    async def _step(self) -> Step:
        """Match what the market brought, then act on commands, and book all of it."""
        # Whoever published a quote and then placed an order did so before the order's command could be seen.
        last = await last_command(PAPER)
        if last:
            self._see(await self._ticks.drain(self._seen))
        # A tick may come sooner than the news of its instrument.
        await self._market.learn({tick.symbol for _, tick in self._pending})
        catalog = await self._market.catalog()
        self._venue.know(catalog.by_symbol)
        reports = self._match()
        # Orders act on the market as it stands: not before all of its ticks have been seen.
        up_to = 0 if self._pending else last
        position = self._matched if reports or up_to or self._is_note_due() else None
        step = await take_step(
            self._bus,
            PAPER,
            self._lease.epoch,
            catalog.by_id,
            self._act,
            reports,
            self._accounts,
            up_to=up_to,
            position=position,
            rate_of=self._market.rate,
        )
        if position is not None:
            self._noted, self._noted_at = position, asyncio.get_running_loop().time()
        for order in step.orders:
            if order.is_open:
                self._accounts[order.id] = order.account_id
            else:
                self._accounts.pop(order.id, None)
        return step

    def _is_note_due(self) -> bool:
        """Now and then also what came to nothing is noted, so that a successor need not look at it again."""
        return self._matched != self._noted and asyncio.get_running_loop().time() - self._noted_at > _NOTE_SECONDS

    def _see(self, batch: Sequence[PositionedTick]) -> None:
        """Take ticks in once, whether they were read or drained."""
        seen = order_of(self._seen)
        self._pending.extend(item for item in batch if order_of(item[0]) > seen)
        if batch and order_of(batch[-1][0]) > seen:
            self._seen = batch[-1][0]

    def _match(self) -> list[Report]:
        reports = self._venue.on_clock(Nanos.now())
        taken = 0
        for position, tick in self._pending:
            # What was published together has one position: it is matched, and noted, together.
            if len(reports) >= _MAX_REPORTS and position != self._matched:
                break
            reports += self._venue.on_tick(tick, received_at(position))
            self._matched = position
            taken += 1
        del self._pending[:taken]
        self._drained.set()
        return reports

    def _act(self, commands: Sequence[Command]) -> list[Report]:
        reports: list[Report] = []
        for command in commands:
            order = command.order
            if command.kind == SUBMIT and order.status is OrderStatus.PENDING_NEW:
                reports += self._venue.submit(command.group or (order,), Nanos.now())
            elif command.kind == CANCEL:
                reports += self._venue.cancel(order, Nanos.now())
            elif command.kind == REPLACE:
                assert command.change is not None
                reports += self._venue.replace(order, command.change, Nanos.now())
            elif command.kind == REARM:
                self._out_of_step = True
        return reports


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
