"""The loop that all venue routers share: follow the ticks, process each once, and restart from stored state.

One process at a time plays a router (a lease). All its state is loaded at the start, and again after any error: a
failed step leaves the database as it was. Its position in the tick stream is stored with the results of the ticks, so
each tick is matched once, whatever happens, while the stream still holds it. Ticks that were published before a command
was stored are processed before it: the stream is drained between reading the newest command and acting.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from uuid import UUID

import structlog

from adapters.database.leases import HeldLease
from domain.kernel.bus import Bus
from domain.kernel.concurrency import run_until_one_ends
from domain.kernel.lease_queries import LeaseLost, read_position
from domain.kernel.retry_policies import DATABASE
from domain.kernel.supervision import Guarded
from domain.kernel.time import Nanos
from domain.kernel.tracing import Tracing
from domain.market.market import Catalog, Market
from domain.market.stream import BEGINNING, PositionedTick, TickStream, order_of, received_at
from domain.market.types import RestatedQuote
from domain.orders.books.command_queries import CommandQueue
from domain.orders.books.venue_step import MAX_COMMANDS, OutOfStep, VenueStep
from domain.orders.exchange.execution_reports import ExecutionReport
from domain.orders.exchange.instrument_books import AnyBook, InstrumentBooks, StoredPosition
from domain.orders.model.order import Order
from domain.orders.model.venue_commands import REARM, VenueCommand
from domain.orders.queries import open_order_ids, read_orders, wake_channel
from domain.positions.queries import read_open_everywhere
from workers.tracing import trace_step

# Commands are looked for this often even if no wake-up comes, and orders expire this exactly.
IDLE_SECONDS = 0.25
_RESTORE_RUN = 1_000
MAX_REPORTS = 1_000
# On a slow machine.
_RESTORED_PER_SECOND = 2_000
_MAX_PENDING = 20_000
_NOTE_SECONDS = 1.0
_log = structlog.stdlib.get_logger("venue")


class VenueLoop(ABC):
    """Drives one venue while this process holds its lease."""

    def __init__(
        self,
        name: str,
        bus: Bus,
        market: Market,
        ticks: TickStream,
        lease: HeldLease,
        *,
        tracing: Tracing | None = None,
    ) -> None:
        self.name = name
        self.role = role_of(name)
        self._bus = bus
        self._market = market
        self._ticks = ticks
        self._lease = lease
        self._tracing = tracing
        self._accounts: dict[UUID, UUID] = {}
        # In the stream of ticks: up to where they have been taken in, matched, and noted in the database.
        self._seen = self._matched = BEGINNING
        self._noted: str | None = None
        self._noted_at = 0.0
        self._pending: list[PositionedTick] = []
        # The board's clocks as it was when this venue was put together, until they count here as well.
        self._board_position = BEGINNING
        self._board_clocks: Mapping[str, str] | None = None
        self._out_of_step = False
        # What being put together has led to, to be booked with the first step.
        self._resumed: list[ExecutionReport] = []
        self._wake = asyncio.Event()
        self._drained = asyncio.Event()

    async def run(self) -> None:
        """Work until the lease is lost or the task is cancelled."""
        await run_until_one_ends(self._work_again_and_again(), self._listen())

    # ------------------------------------------------------------------ what each venue does its own way

    @abstractmethod
    async def _build(self, catalog: Catalog, orders: Sequence[Order], held: Sequence[StoredPosition]) -> None:
        """Build the venue from its open orders and the positions of its accounts."""

    @abstractmethod
    async def _step(self) -> VenueStep:
        """Match the market's ticks, execute commands and other inputs, and book all of it."""

    @property
    def _is_busy(self) -> bool:
        """True if there is more work at once."""
        return bool(self._pending)

    async def _work_again_and_again(self) -> None:
        while not self._lease.lost.is_set():
            self._lease.progressed()
            try:
                # What is stored is whole: after a failure everything is built again from there.
                but = (LeaseLost, OutOfStep)
                with Guarded(_log, "venue loop failed, will retry", but=but, venue=self.name) as guarded:
                    await self._restore()
                    await run_until_one_ends(self._work(), self._read_ticks())
                if guarded.failed:
                    await asyncio.sleep(DATABASE.first_seconds)
            except LeaseLost:
                return
            except OutOfStep:
                _log.info("books were corrected, venue state is reloaded", venue=self.name)

    # ------------------------------------------------------------------ starting

    async def _restore(self) -> None:
        """Build the state from stored quotes, positions and open orders; continue at the stored position."""
        noted = await read_position(self.role)
        self._seen = self._matched = noted or await self._ticks.last_position()
        self._noted = noted
        self._pending.clear()
        self._drained.set()
        self._out_of_step = False
        catalog = await self._market.refresh()
        # The board must not be behind what made this one start anew, such as a quote that was restated.
        await self._market.reached(self._seen)
        ids = await open_order_ids(self.name)
        orders: list[Order] = []
        for start in range(0, len(ids), _RESTORE_RUN):
            self._lease.progressed()
            found = await read_orders(ids[start : start + _RESTORE_RUN])
            orders += [found[order_id] for order_id in ids[start : start + _RESTORE_RUN] if order_id in found]
        held = [
            StoredPosition(catalog.by_id[row.instrument_id].symbol, row, kind)
            for row, kind in await read_open_everywhere(self.name)
        ]
        self._accounts = {order.id: order.account_id for order in orders}
        # Meanwhile nothing else gets a turn.
        await self._lease.take_time(len(orders) / _RESTORED_PER_SECOND)
        await self._build(catalog, orders, held)
        _log.info("venue ready", venue=self.name, orders=len(orders), positions=len(held), epoch=self._lease.epoch)

    # ------------------------------------------------------------------ working

    async def _listen(self) -> None:
        async with self._bus.listen(wake_channel(self.name)) as messages:
            async for _ in messages:
                self._wake.set()

    async def _read_ticks(self) -> None:
        async for batch in self._ticks.read(self._seen, consumer=self.role):
            self._see(batch)
            self._wake.set()
            while len(self._pending) > _MAX_PENDING:
                # The stream holds the rest, and forgets the oldest when this stays behind for long.
                self._drained.clear()
                await self._drained.wait()

    async def _work(self) -> None:
        while not self._lease.lost.is_set():
            self._wake.clear()
            began = Nanos.now()
            step = await self._step()
            self._lease.progressed(tick=self._matched, command=step.last_command or None)
            if self._tracing is not None:
                await trace_step(self._tracing, self.name, step, began)
            if self._out_of_step:
                raise OutOfStep
            if step.commands < MAX_COMMANDS and not self._is_busy:
                # Not wait_for: it loses a cancellation that comes together with the wake-up.
                with suppress(TimeoutError):
                    async with asyncio.timeout(IDLE_SECONDS):
                        await self._wake.wait()

    def _to_note(self, *, needed: bool) -> str | None:
        """The position up to which ticks are matched, if it is to be stored with this step.

        A position without results is stored now and then too, so that a successor need not read those ticks again.
        """
        # Nor must this one, when it starts anew, meet again what made it do so.
        late = self._out_of_step or asyncio.get_running_loop().time() - self._noted_at > _NOTE_SECONDS
        return self._matched if needed or (self._matched != self._noted and late) else None

    def _has_noted(self, position: str | None) -> None:
        if position is not None:
            self._noted, self._noted_at = position, asyncio.get_running_loop().time()

    def _keep_accounts(self, step: VenueStep) -> None:
        for order in step.orders:
            if order.is_open:
                self._accounts[order.id] = order.account_id
            else:
                self._accounts.pop(order.id, None)

    def _obey_rearm(self, commands: Sequence[VenueCommand]) -> None:
        self._out_of_step |= any(command.kind == REARM for command in commands)

    def _see(self, batch: Sequence[PositionedTick]) -> None:
        """Process ticks once, whether they were read or drained."""
        seen = order_of(self._seen)
        self._pending.extend(item for item in batch if order_of(item[0]) > seen)
        if batch and order_of(batch[-1][0]) > seen:
            self._seen = batch[-1][0]

    async def _see_what_came_before(self, last_command: int) -> None:
        """Drain the stream: quotes that were published before an order was placed must be seen before its command."""
        if last_command:
            self._see(await self._ticks.drain(self._seen))
        # A tick may come sooner than the news of its instrument.
        await self._market.learn({tick.symbol for _, tick in self._pending})

    def _see_quotes(self, books: InstrumentBooks[AnyBook]) -> None:
        """Give a rebuilt venue the present market."""
        board = self._market.board
        self._board_position, self._board_clocks = self._market.position, board.clocks()
        for symbol in self._board_clocks:
            kept = board.kept(symbol)
            assert kept is not None, "clocks are of quotes that the board has"
            books.see_quote(kept)

    def _take_resumed(self) -> list[ExecutionReport]:
        reports, self._resumed = self._resumed, []
        return reports

    def _take_in(self, books: InstrumentBooks[AnyBook], queue: CommandQueue) -> tuple[list[ExecutionReport], int]:
        """The reports of the market, and the newest command to take.

        Once the books were corrected nothing is matched and executed any more: this venue believes in what was.
        """
        if queue.is_corrected:
            self._out_of_step = True
            return [], queue.last
        reports = self._take_resumed() + self._match(books)
        return reports, 0 if self._pending or self._out_of_step else queue.last

    def _match(self, books: InstrumentBooks[AnyBook]) -> list[ExecutionReport]:
        reports = books.on_clock(Nanos.now())
        taken = 0
        for position, tick in self._pending:
            if self._board_clocks is not None and order_of(position) > order_of(self._board_position):
                # The board had seen further than this venue had matched: only from here on may it say what is late.
                books.join_clocks(self._board_clocks)
                self._board_clocks = None
            # What was published together has one position: it is matched, and noted, together.
            if (self._out_of_step or len(reports) >= MAX_REPORTS) and position != self._matched:
                break
            if isinstance(tick, RestatedQuote):
                # Nobody trades at it: everything is built again around it, before the next tick.
                self._out_of_step = True
            else:
                reports += books.on_tick(tick, received_at(position))
            self._matched = position
            taken += 1
        del self._pending[:taken]
        self._drained.set()
        return reports


def role_of(venue: str) -> str:
    """The lease of a venue's router."""
    return f"venue:{venue}"
